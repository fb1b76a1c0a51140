"""The fixtures of tests/lsp."""

from tests.lsp.conftest import repo, start, variables

__all__ = ["repo", "start", "variables"]
