# shellcheck shell=bash disable=SC2034,SC2154
# The labels that research/small.sh and research/tiny.sh learn from; both source this file with `labels` set.
# Not among them: codrep (no licence), classeval (non-commercial), planted bugs (humanevalpack,
# debugbench: they teach the wrong thing), rule-flagged lines (cyberseceval).
# The numbers behind @ keep the reading of the larger sets to about half an hour.
sets=(
  --labels "$labels/humaneval_llm.jsonl.gz"
  --labels "$labels/szz_ai_hunks.jsonl.gz"
  --labels "$labels/clean_ai_hunks.jsonl.gz"
  --labels "$labels/humaneval_pass.jsonl.gz@600"
  --labels "$labels/szz_human_hunks.jsonl.gz@350"
  --labels "$labels/clean_human_hunks.jsonl.gz@450"
  --labels "$labels/clm_java_llm_patches.jsonl.gz@500"
  --labels "$labels/fixwin.jsonl.gz@350"
  --labels "$labels/condefects.jsonl.gz@150"
)
