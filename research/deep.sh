#!/usr/bin/env bash
# The deep artifact and its figures: all 24 layers of the 0.5B model, shown the code on both sides.
#
#   research/deep.sh DATA WORK
#
# DATA  directory with `changes/` and `labels/`: label files (docs/training.md), never copied anywhere
# WORK  the directory that research/quick.sh filled: its corpus is used here too
#
# A stopped run goes on where it was. Reading the labels takes about an hour on two cores with AVX512_VNNI.
set -euo pipefail
cd "$(dirname "$0")/.."
data=$1 work=$2

model=(--model qwen2.5-coder-0.5b --layer 6)
# The shipped autoencoder is older than this trainer: read in bf16, from the start of each file (log.md).
reviewbot train sae --corpus "$work/corpus" --work "$work/sae-work" --out "$work/sae" \
  --tokens 300000 --features 2048 --k 32 --epochs 6 "${model[@]}" --layout infill

# Lines learn from changes, columns of blocks from pairs; about 16 more lines of each change than
# the pieces with a wrong line, because reading is slow.
python -m research.choose_changes "$data/changes" "$work/changes-deep.jsonl.gz" --survived 150
python -m research.choose_pairs "$data/labels" "$work/pairs-deep.jsonl.gz"
pairs=humaneval_llm,clm_java_llm_patches,condefects
recipe=(--labels "$work/changes-deep.jsonl.gz" --labels "$work/pairs-deep.jsonl.gz"
  --held-out "$pairs" --block-sets "$pairs" --sample 16
  --sae "$work/sae" --cache "$work/features"
  "${model[@]}" --deep 12 --full --description --layout infill
  --groups sae_max,state_mean,deep_mean,surprisal,surface,block
  --boost surface=4 --boost state_mean=1.5 --boost deep_mean=1.5 --boost surprisal=15 --boost block=10
  --folds 10 --c 1e-6,3e-6,1e-5)

reviewbot train evaluate "${recipe[@]}" --out "$work/deep.json" --markdown "$work/deep.md"
reviewbot train predictor "${recipe[@]}" --confidence 0.6 --expect 3 --name deep --out reviewbot/_artifacts/deep
