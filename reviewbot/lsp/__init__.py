"""An editor's documents, read while they are written: the language server."""
