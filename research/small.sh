#!/usr/bin/env bash
# The default artifact, from nothing: corpus, autoencoder, predictor, and what docs/benchmark.md says of it.
#
#   research/small.sh LABELS WORK
#
# LABELS  directory with the label files (docs/training.md); they are never copied anywhere
# WORK    directory for the corpus, states, caches and checkpoints; about 8 GB
#
# A stopped run goes on where it was. About two hours on two cores with AVX512_BF16.
set -euo pipefail
cd "$(dirname "$0")/.."
labels=$1 work=$2
mkdir -p "$work"

# bf16 doubles the speed where the CPU has it; research/log.md says how far its scores are from fp32's.
reading=(--model qwen2.5-coder-0.5b --layer 6 --dtype bf16)

python -m research.corpus "$work/corpus"

reviewbot train sae --corpus "$work/corpus" --work "$work/sae-work" --out "$work/sae" \
  --tokens 300000 --features 2048 --k 32 --epochs 6 "${reading[@]}"

# The paper's own autoencoder, for PtTrust-R.
python -m research.pttrust.autoencoder --corpus "$work/corpus" --work "$work/sae-work-pttrust" \
  --out "$work/sae-pttrust" --tokens 300000 "${reading[@]}"

. research/sets.sh
fitting=(--sae "$work/sae" --cache "$work/features" --groups sae_max,surface --boost surface=3 \
  --c 1e-6,3e-6,5e-6,1e-5 --confidence 0.6)

reviewbot train predictor "${sets[@]}" "${fitting[@]}" "${reading[@]}" \
  --name small --out reviewbot/_artifacts/small

# PtTrust-R stands beside base.
python -m research.evaluate "${sets[@]}" "${fitting[@]}" "${reading[@]}" \
  --baselines random,length,position,tells,tells-pairs,surface,raw-states --out "$work/small.json"

# What is learnt on one set, or language, is worth on the others; one penalty for all, our own.
python -m research.transfer "${sets[@]}" --sae "$work/sae" --cache "$work/features" --groups sae_max,surface \
  --boost surface=3 --c 3e-6 "${reading[@]}" --out "$work/transfer.json" --csv research/results/transfer.csv
