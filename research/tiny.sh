#!/usr/bin/env bash
# The tiny artifact and its tables: the model inside the package, SmolLM2-135M cut to 8 of 30 layers.
#
#   research/tiny.sh LABELS WORK
#
# LABELS  directory with the label files (docs/training.md); they are never copied anywhere
# WORK    the directory that research/small.sh filled: its corpus is used here too
#
# About an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
labels=$1 work=$2

reading=(--model smollm2-135m-8 --layer 8 --dtype bf16)

reviewbot train sae --corpus "$work/corpus" --work "$work/sae-work-tiny" --out "$work/sae-tiny" \
  --tokens 300000 --features 2048 --k 32 --epochs 6 "${reading[@]}"

. research/sets.sh
fitting=(--sae "$work/sae-tiny" --cache "$work/features" --groups sae_max,surface --boost surface=3
  --c 1e-6,3e-6,5e-6,1e-5 --confidence 0.6)

reviewbot train predictor "${sets[@]}" "${fitting[@]}" "${reading[@]}" \
  --name tiny --out reviewbot/_artifacts/tiny

python -m research.evaluate "${sets[@]}" "${fitting[@]}" "${reading[@]}" \
  --baselines random,length,position,tells,tells-pairs,surface,raw-states \
  --out "$work/tiny.json"
