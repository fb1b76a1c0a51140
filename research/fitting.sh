# shellcheck shell=bash disable=SC2034
# The recipe that research/small.sh and research/tiny.sh share; research/log.md says how it was chosen.
fitting=(--groups sae_max,state_mean,surface --boost surface=3 --boost state_mean=2
  --folds 10 --c 3e-6,1e-5,3e-5)
