#!/usr/bin/env bash
# What is known of the features of the shipped artifacts: exemplars, tallies, labels, correlates.
#
#   research/evidence.sh LABELS WORK
#
# LABELS  directory with the label files (docs/training.md); they are never copied anywhere
# WORK    the directory that research/small.sh filled: its corpus is read here, too
#
# Half an hour on two cores with AVX512_BF16, most of it reading labels. Scores do not change.
set -euo pipefail
cd "$(dirname "$0")/.."
labels=$1 work=$2

# Of the sets of pieces of code, as many rows as half an hour allows.
sets=(
  --labels "$labels/humaneval_llm.jsonl.gz@250"
  --labels "$labels/szz_ai_hunks.jsonl.gz"
  --labels "$labels/clean_ai_hunks.jsonl.gz@200"
  --labels "$labels/humaneval_pass.jsonl.gz@150"
  --labels "$labels/szz_human_hunks.jsonl.gz@200"
  --labels "$labels/clean_human_hunks.jsonl.gz@200"
  --labels "$labels/clm_java_llm_patches.jsonl.gz@200"
  --labels "$labels/fixwin.jsonl.gz@150"
  --labels "$labels/condefects.jsonl.gz@60"
)
# base reads all 24 layers, and is slower by far.
few=()
for name in humaneval_llm humaneval_pass szz_ai_hunks clean_ai_hunks szz_human_hunks clean_human_hunks \
  clm_java_llm_patches condefects; do
  few+=(--labels "$labels/$name.jsonl.gz@25")
done

one() {
  local name=$1
  shift
  python -m research.evidence --artifact "$name" --corpus "$work/corpus" --cache "$work/features" --dtype bf16 \
    --out "$work/with-evidence/$name" "$@"
  cp -r "$work/with-evidence/$name/." "reviewbot/_artifacts/$name/"
}

mkdir -p "$work/with-evidence"
one small "${sets[@]}"
one tiny "${sets[@]}"
one base "${few[@]}"
