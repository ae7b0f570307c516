#!/bin/sh
# Writes both lock files anew: exact versions, all hashes, no addresses.
set -eu
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet "$@"; }
compile --extra server --group build pyproject.toml -o requirements.lock
compile --extra server --group build --group dev pyproject.toml -c requirements.lock -o requirements-dev.lock
