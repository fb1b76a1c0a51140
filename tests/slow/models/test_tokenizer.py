"""The tokenizers of both official models, by the tests of the tiny ones."""

import os
from pathlib import Path

import pytest

from reviewbot.models.cache import cache_dir, official_path
from reviewbot.models.registry import CODER_SMALL, MODELS, SMOL, SMOL_CUT
from reviewbot.models.verify import check, checkpoint
from tests.bare import ALL, reviewbot
from tests.models.test_gguf_tokenizer import (
    pair,
    test_any_text_has_the_same_tokens_at_the_same_places,
    test_code_and_prose_have_the_same_tokens_at_the_same_places,
    test_odd_text_has_the_same_tokens_at_the_same_places,
    test_the_files_are_those_that_transformers_writes,
)

__all__ = [
    "pair",
    "test_any_text_has_the_same_tokens_at_the_same_places",
    "test_code_and_prose_have_the_same_tokens_at_the_same_places",
    "test_odd_text_has_the_same_tokens_at_the_same_places",
    "test_the_files_are_those_that_transformers_writes",
]


@pytest.fixture(scope="module", params=[SMOL.name, CODER_SMALL.name])
def gguf(request: pytest.FixtureRequest) -> Path:
    """Both official files, if they are at hand."""
    path = official_path(cache_dir(None, os.environ), MODELS[request.param])
    if not path.exists():
        pytest.skip(f"the official file of {request.param} is not in the cache: CONTRIBUTING.md")
    return path


def test_the_packaged_model_is_converted_without_torch_transformers_or_onnxruntime(
    tmp_path: Path,
) -> None:
    others = ALL | {"onnxruntime"}
    flags = ("--engine=torch", "--cache-dir", str(tmp_path))
    done = reviewbot("model", "pull", SMOL_CUT.name, *flags, without=others)

    assert done.returncode == 0, done.stderr
    conversion = checkpoint(SMOL_CUT, SMOL_CUT.layer, head=False)
    check(Path(done.stdout.strip()), conversion, again=True)
