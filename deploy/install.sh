#!/bin/sh
# Makes the environment .venv from requirements.lock, with uv kept in .tools. Needs Python 3.11+ with venv, nothing else;
# every package is checked against its hash. Speaks on stderr only: `make -s token` prints a token and nothing else.
set -eu
cd "$(dirname "$0")/.."
exec 1>&2

find_python() { # sets $python to a 3.11+ that can make environments
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        python=$("$candidate" -c 'import sys, venv, ensurepip; sys.version_info >= (3, 11) and print(sys.executable)' \
            2>/dev/null) || continue
        [ -z "$python" ] || return 0
    done
    echo "Alongside needs Python 3.11 or newer with the modules venv and ensurepip. python3 here: $(python3 --version 2>&1)."
    echo "Debian, Ubuntu: apt-get install python3-venv. Fedora: dnf install python3. macOS: brew install python."
    echo "One that is somewhere else: make PYTHON=/path/to/python3.12 ..."
    exit 1
}

works() { [ -x "$1" ] && "$1" -c '' 2>/dev/null; }

if ! works .tools/uv/bin/python || ! cmp -s deploy/uv.lock.txt .tools/uv/installed.txt; then
    find_python
    echo "Installing uv into .tools ..."
    rm -rf .tools/uv
    "$python" -m venv .tools/uv
    .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/uv.lock.txt
    cp deploy/uv.lock.txt .tools/uv/installed.txt
fi
if ! works .venv/bin/python; then
    find_python
    .tools/uv/bin/uv venv --quiet --clear --no-project --python "$python" .venv
fi
if ! cmp -s requirements.lock .venv/installed.lock; then
    echo "Installing what requirements.lock lists into .venv ..."
    .tools/uv/bin/uv pip sync --quiet --compile-bytecode --require-hashes --python .venv/bin/python requirements.lock
    # The project itself is imported from where it lies: nothing is built, so no build backend is fetched.
    for packages in .venv/lib/python3.*/site-packages; do echo ../../../.. >"$packages/alongside.pth"; done
    cp requirements.lock .venv/installed.lock
fi
