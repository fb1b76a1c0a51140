"""Language models on disk: registry, download, verification, conversion, cache.

Nothing here loads a model or imports torch: that is `encoders`.
"""
