#!/usr/bin/env bash
# The quick artifact and its figures: the model inside the package, SmolLM2-135M cut to 8 of 30 layers.
#
#   research/quick.sh CHANGES WORK
#
# CHANGES  directory with label files of whole changes (docs/training.md); they are never copied anywhere
# WORK     directory for the corpus, caches and checkpoints; about 8 GB
#
# A stopped run goes on where it was. About an hour on two cores, the corpus not counted.
set -euo pipefail
cd "$(dirname "$0")/.."
changes=$1 work=$2
mkdir -p "$work"

# The shipped autoencoder is older than this trainer: the same tokens and epochs, read in bf16 (log.md).
reading=(--model smollm2-135m-8 --layer 8)

python -m research.corpus "$work/corpus"

reviewbot train sae --corpus "$work/corpus" --work "$work/sae-work-quick" --out "$work/sae-quick" \
  --tokens 300000 --features 2048 --k 32 --epochs 6 "${reading[@]}"

# The labels: every change with a wrong line, and 250 that survived.
labels=$work/changes-quick.jsonl.gz
python -m research.choose_changes "$changes" "$labels" --survived 250
recipe=(--labels "$labels" --sae "$work/sae-quick" --cache "$work/features" "${reading[@]}" --layout pieces
  --groups sae_max,state_mean,surface --boost surface=3 --boost state_mean=2
  --folds 10 --c 3e-6,1e-5,3e-5)

# Before the predictor: the present artifact is measured beside the new one, on changes new to it.
reviewbot train evaluate "${recipe[@]}" --against quick --out "$work/quick.json" --markdown "$work/quick.md"
reviewbot train predictor "${recipe[@]}" --confidence 0.6 --name quick --out reviewbot/_artifacts/quick
