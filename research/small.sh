#!/usr/bin/env bash
# The default artifact, from nothing: corpus, autoencoder, predictor, and its figures.
#
#   research/small.sh CHANGES WORK
#
# CHANGES  directory with label files of whole changes (docs/training.md); they are never copied anywhere
# WORK     directory for the corpus, states, caches and checkpoints; about 8 GB
#
# A stopped run goes on where it was. About two hours on two cores with AVX512_BF16.
set -euo pipefail
cd "$(dirname "$0")/.."
changes=$1 work=$2
mkdir -p "$work"

# Stage one reads in bf16, twice as fast where the CPU has it; stage two with the engine of `check`.
reading=(--model qwen2.5-coder-0.5b --layer 6)

python -m research.corpus "$work/corpus"

reviewbot train sae --corpus "$work/corpus" --work "$work/sae-work" --out "$work/sae" \
  --tokens 300000 --features 2048 --k 32 --epochs 6 "${reading[@]}" --dtype bf16

# The paper's own autoencoder, for PtTrust-R beside base.
python -m research.pttrust.autoencoder --corpus "$work/corpus" --work "$work/sae-work-pttrust" \
  --out "$work/sae-pttrust" --tokens 300000 "${reading[@]}" --dtype bf16

. research/fitting.sh
learn small "$work/sae" 150
