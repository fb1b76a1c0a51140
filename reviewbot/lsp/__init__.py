"""The language server: diagnostics for the open documents of an editor. Needs the extra `lsp`."""
