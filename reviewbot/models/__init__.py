"""Language models on disk: registry, download, verification, conversion. Imports no torch."""
