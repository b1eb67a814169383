#!/bin/sh
# make test: the cheap checks first, the tests last.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
ruff check .
ruff format --check .
mypy
lint-imports
# two groups at once (tests/conftest.py): most of a test of real processes is waiting for them
exec pytest -n 2 --dist loadgroup --no-loadscope-reorder
