"""Hidden states to risks with reasons: autoencoder, pooling, predictor, artifacts, feature cache.

Nothing here knows git, a forge or a command line, and nothing here loads a model.
"""
