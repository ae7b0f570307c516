#!/bin/sh
# Writes all lock files anew: exact versions, all hashes, no addresses.
set -eu
cd "$(dirname "$0")/.."
compile() { .tools/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet "$@"; }
compile tools/uv.in -o tools/uv.lock.txt
compile tools/node.in -o tools/node.lock.txt
compile --extra server --extra kernel --extra sheets --group build pyproject.toml -o requirements.lock
compile --extra server --extra kernel --extra sheets --extra batch --extra chain --extra pkcs11 --group build --group dev pyproject.toml -c requirements.lock -o requirements-dev.lock
# package-lock.json: npm install --ignore-scripts --package-lock-only, in frontend and in conformance
