# One image for each service, holding that service's code and nobody else's:
#   docker build --build-arg SERVICE=checkins -t alongside-checkins .
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY deploy/uv.lock.txt ./
RUN --mount=type=cache,target=/root/.cache pip install --no-deps --require-hashes -r uv.lock.txt
COPY pyproject.toml requirements.lock ./
ARG SERVICE
# The extra says which packages, the lock which version and hash of each: a package that the lock lacks ends the build.
RUN --mount=type=cache,target=/root/.cache uv venv -q /opt/venv && uv pip install --python /opt/venv --compile-bytecode \
    --no-build --require-hashes -r pyproject.toml --extra "${SERVICE}" --constraints requirements.lock
COPY services/__init__.py app/services/
COPY services/${SERVICE} app/services/${SERVICE}
COPY shared app/shared
COPY deploy/containers/serve.py deploy/containers/health.py app/
# Compiled here, since the file system is read-only there; the sources can't change under a hash that isn't checked.
RUN python -m compileall -q --invalidation-mode unchecked-hash -s app -p /app app && install -d -o 10001 -g 10001 keys

FROM ${PYTHON} AS runtime
# Whoever takes over a process finds no program that runs as its owner, and none that fetches others. Of the base image's
# own packages (pip, and setuptools with its easy_install) none is used: /opt/venv sees only what was locked.
RUN find / -xdev -type f -perm /6000 -exec chmod a-s {} + && rm -rf /usr/local/bin/pip* \
    /usr/local/lib/python3*/site-packages/* /usr/local/lib/python3*/ensurepip /usr/bin/apt* /usr/lib/apt /usr/bin/dpkg*
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 ALONGSIDE_KEYS=/keys \
    APP_DATADIR=/tmp/faust
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY --from=build --chown=10001:10001 /build/keys /keys
USER 10001:10001

# Makes the keys and prints tokens: what an identity provider and a key store are for in production. No __init__.py comes
# along, so that the launcher which deploy/__init__.py imports need not.
FROM runtime AS keys
COPY deploy/failure.py deploy/keys.py deploy/layout.py deploy/
COPY deploy/containers/keys.py deploy/containers/
ENTRYPOINT ["python", "-m", "deploy.containers.keys"]

FROM runtime AS service
COPY --from=build /build/app /app
ARG SERVICE
ENV SERVICE=${SERVICE}
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=5s --start-period=180s CMD ["python", "-I", "-S", "/app/health.py"]
ENTRYPOINT ["python", "/app/serve.py"]
CMD ["all"]
