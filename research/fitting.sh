# shellcheck shell=bash disable=SC2154
# What research/small.sh and research/tiny.sh share: labels, recipe, figures and artifact. Both source
# this file with `changes`, `work` and `reading` set; research/log.md says how the recipe was chosen.

# learn NAME SAE SURVIVED
learn() {
  local labels=$work/changes-$1.jsonl.gz
  python -m research.choose_changes "$changes" "$labels" --survived "$3"
  local recipe=(--labels "$labels" --sae "$2" --cache "$work/features" "${reading[@]}"
    --groups sae_max,state_mean,surface --boost surface=3 --boost state_mean=2
    --folds 10 --c 3e-6,1e-5,3e-5)

  # Before the predictor: the present artifact is measured beside the new one, on changes new to it.
  reviewbot train evaluate "${recipe[@]}" --against "$1" --out "$work/$1.json" --markdown "$work/$1.md"
  reviewbot train predictor "${recipe[@]}" --confidence 0.6 --name "$1" --out "reviewbot/_artifacts/$1"
}
