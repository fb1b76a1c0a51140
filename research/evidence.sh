#!/usr/bin/env bash
# What is known of the features of the shipped artifacts: exemplars, tallies, labels, correlates.
#
#   research/evidence.sh LABELS WORK
#
# LABELS  directory with the label files (docs/training.md); they are never copied anywhere
# WORK    the directory that research/quick.sh filled: its corpus is read here, too
#
# Half an hour on two cores with AVX512_BF16, most of it reading labels. Scores do not change.
set -euo pipefail
cd "$(dirname "$0")/.."
labels=$1 work=$2

# deep reads all 24 layers, and is slower by far.
few=()
for name in humaneval_llm humaneval_pass szz_ai_hunks clean_ai_hunks szz_human_hunks clean_human_hunks \
  clm_java_llm_patches condefects; do
  few+=(--labels "$labels/$name.jsonl.gz@25")
done

one() {
  local name=$1
  shift
  python -m research.evidence --artifact "$name" --corpus "$work/corpus" --cache "$work/features" \
    --out "$work/with-evidence/$name" "$@"
  cp -r "$work/with-evidence/$name/." "reviewbot/_artifacts/$name/"
}

mkdir -p "$work/with-evidence"
one quick --labels "$work/changes-quick.jsonl.gz"
one deep "${few[@]}" --dtype bf16
