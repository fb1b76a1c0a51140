#!/usr/bin/env bash
# What is known of the features of the shipped artifacts: exemplars, tallies, labels, correlates.
#
#   research/evidence.sh WORK
#
# WORK  the directory that research/quick.sh and research/deep.sh filled: its corpus is read here, too
#
# Ten minutes on two cores, where the labels have been read. Scores do not change.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$1

one() {
  local name=$1
  shift
  python -m research.evidence --artifact "$name" --corpus "$work/corpus" --cache "$work/features" \
    --out "$work/with-evidence/$name" "$@"
  cp -r "$work/with-evidence/$name/." "reviewbot/_artifacts/$name/"
}

mkdir -p "$work/with-evidence"
one quick --labels "$work/changes-quick.jsonl.gz"
one deep --labels "$work/changes-deep.jsonl.gz" --labels "$work/pairs-deep.jsonl.gz" --sample 16
