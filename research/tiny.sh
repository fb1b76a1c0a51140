#!/usr/bin/env bash
# The tiny artifact and its figures: the model inside the package, SmolLM2-135M cut to 8 of 30 layers.
#
#   research/tiny.sh CHANGES WORK
#
# CHANGES  directory with label files of whole changes (docs/training.md); they are never copied anywhere
# WORK     the directory that research/small.sh filled: its corpus is used here too
#
# About an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
changes=$1 work=$2

reading=(--model smollm2-135m-8 --layer 8)
reviewbot train sae --corpus "$work/corpus" --work "$work/sae-work-tiny" --out "$work/sae-tiny" \
  --tokens 300000 --features 2048 --k 32 --epochs 6 "${reading[@]}" --dtype bf16

. research/fitting.sh
learn tiny "$work/sae-tiny" 250
