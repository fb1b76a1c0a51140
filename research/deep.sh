#!/usr/bin/env bash
# The deep artifact and its tables: all 24 layers of the 0.5B model, read with the task's description in front.
#
#   research/deep.sh LABELS WORK
#
# LABELS  directory with the label files (docs/training.md); they are never copied anywhere
# WORK    the directory that research/quick.sh filled: its corpus is used here too
#
# A stopped run goes on where it was. Reading the labels takes about three hours on two cores with AVX512_BF16.
set -euo pipefail
cd "$(dirname "$0")/.."
labels=$1 work=$2

autoencoder=(--model qwen2.5-coder-0.5b --layer 6 --dtype bf16)
reviewbot train sae --corpus "$work/corpus" --work "$work/sae-work" --out "$work/sae" \
  --tokens 300000 --features 2048 --k 32 --epochs 6 "${autoencoder[@]}"

# The paper's own autoencoder, for PtTrust-R beside ours.
python -m research.pttrust.autoencoder --corpus "$work/corpus" --work "$work/sae-work-pttrust" \
  --out "$work/sae-pttrust" --tokens 300000 "${autoencoder[@]}"

reading=(--model qwen2.5-coder-0.5b --layer 6 --deep 18 --full --description --dtype bf16)

# Few rows, because reading is slow. No description of hunks: only those that were fixed later carry a
# commit message here (research/leak-audit.md).
sets=(
  --labels "$labels/humaneval_llm.jsonl.gz"
  --labels "$labels/humaneval_pass.jsonl.gz@600"
  --labels "$labels/szz_ai_hunks.jsonl.gz"
  --labels "$labels/clean_ai_hunks.jsonl.gz@200"
  --labels "$labels/szz_human_hunks.jsonl.gz@70"
  --labels "$labels/clean_human_hunks.jsonl.gz@80"
  --labels "$labels/clm_java_llm_patches.jsonl.gz@500"
  --labels "$labels/condefects.jsonl.gz@80"
)
# Measured on, never learned from.
security=(
  --labels "$labels/sven.jsonl.gz@40"
  --labels "$labels/safecoder_new.jsonl.gz@40"
)
fitting=(--sae "$work/sae" --cache "$work/features"
  --groups sae_max,deep_mean,surprisal,surface,block_end,block
  --boost deep_mean=2 --boost surprisal=6 --boost surface=6 --boost block=10
  --pairwise 0.3 --c 3e-6,5e-6,1e-5)

reviewbot train predictor "${sets[@]}" "${fitting[@]}" "${reading[@]}" \
  --name deep --out reviewbot/_artifacts/deep

python -m research.evaluate "${sets[@]}" "${security[@]}" --held-out sven,safecoder_new \
  "${fitting[@]}" "${reading[@]}" --pttrust "$work/sae-pttrust" --out "$work/deep.json"

# This writes research/results and the tables of docs/benchmark.md:
#   python -m research.benchmark "$work"
