"""Which extra brings which package, and the two lines that say that one is missing."""

from collections.abc import Iterable
from importlib.util import find_spec

from reviewbot.core.errors import MissingExtra

CONVERTING = ("tokenizers", "gguf")  # what makes a checkpoint of a GGUF file; every engine's extra
TORCH = ("torch", "transformers", *CONVERTING)
EXTRAS = {  # the modules that each one brings; pyproject.toml names their distributions
    "torch": TORCH,
    "onnx": ("onnxruntime", "onnx", *CONVERTING),
    "train": (*TORCH, "sklearn", "scipy"),
    "quantize": (*TORCH, "accelerate", "bitsandbytes"),
    "lsp": ("pygls", "lsprotocol"),
}


def missing(modules: Iterable[str]) -> list[str]:
    """Return those modules that are not installed. None is imported."""
    return [name for name in modules if find_spec(name) is None]


def install(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install 'reviewbot-risk[{extra}]'"


def require(modules: Iterable[str], what: str, *, extra: str) -> None:
    """Refuse to begin where a module is not installed. None is imported: torch takes seconds.

    what    what is therefore not done
    extra   the one that brings the modules, a key of `EXTRAS`
    raises  MissingExtra
    """
    if lacking := missing(modules):
        raise MissingExtra(f"{what}: not installed: {', '.join(lacking)}", fix=install(extra))
