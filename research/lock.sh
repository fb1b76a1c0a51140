#!/usr/bin/env bash
# Write action/requirements.txt: what the action installs, every file by its hash.
#
# That is what the package needs, and what builds it: the action builds it without isolation.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(mktemp --suffix=.in)
trap 'rm -f "$build"' EXIT
python - >"$build" <<'PY'
import tomllib
print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"]))
PY
rm -f action/requirements.txt # else uv would keep its versions
uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-header --no-annotate pyproject.toml "$build" -o action/requirements.txt
