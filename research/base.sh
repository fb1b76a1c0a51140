#!/usr/bin/env bash
# The base artifact and its tables: all 24 layers of the 0.5B model, read with the task's description in front.
#
#   research/base.sh LABELS WORK
#
# LABELS  directory with the label files (docs/training.md); they are never copied anywhere
# WORK    the directory that research/small.sh filled: its autoencoder, of layer 6, is used here too
#
# A stopped run goes on where it was. About three hours on two cores with AVX512_BF16, nearly all of it reading.
set -euo pipefail
cd "$(dirname "$0")/.."
labels=$1 work=$2

reading=(--model qwen2.5-coder-0.5b --layer 6 --deep 18 --full --description --dtype bf16)

# Fewer rows than in research/small.sh: a row costs five times as much to read. No description of hunks:
# only those that were fixed later carry a commit message here (research/leak-audit.md).
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
  --name base --out reviewbot/_artifacts/base

python -m research.evaluate "${sets[@]}" "${security[@]}" --held-out sven,safecoder_new \
  "${fitting[@]}" "${reading[@]}" --pttrust "$work/sae-pttrust" --out "$work/base.json"

# With small.json and tiny.json in WORK, this writes research/results and the tables of docs/benchmark.md:
#   python -m research.benchmark "$work"
