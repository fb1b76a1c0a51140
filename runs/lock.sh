#!/usr/bin/env bash
# Make action/requirements.txt anew: what the action installs, every file by its hash.
#
# torch and its CUDA packages are left out: the action installs the CPU build of the version that
# action/torch.txt names, which another index holds.
set -euo pipefail
cd "$(dirname "$0")/.."
python - <<'PY' >.lock.in
import tomllib
whole = tomllib.load(open("pyproject.toml", "rb"))
project, build = whole["project"], whole["build-system"]["requires"]  # built without isolation
torch = open("action/torch.txt", encoding="utf-8").read().strip()
print("\n".join([*(d for d in project["dependencies"] if not d.startswith("torch")), *build, torch]))
PY
trap 'rm -f .lock.in .lock.out' EXIT
uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-header --no-annotate .lock.in -o .lock.out
python - <<'PY'
import re
blocks = re.split(r"\n(?=\S)", open(".lock.out", encoding="utf-8").read())
gpu = re.compile(r"(?:nvidia-|cuda-|torch==|triton==)")
kept = [block.rstrip() for block in blocks if not gpu.match(block)]
open("action/requirements.txt", "w", encoding="utf-8").write("\n".join(kept) + "\n")
PY
