"""Training on one's own code: corpus, autoencoder, labels, predictor, calibration, evaluation.

What only the benchmark needs (suites of sets, further baselines, plots) is in `research/`.
"""
