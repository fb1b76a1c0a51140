"""The tokenizers of both official models, by the tests of the tiny ones."""

import os
from pathlib import Path

import pytest

from reviewbot.models.cache import cache_dir, official_path
from reviewbot.models.packaged import packaged_file
from reviewbot.models.registry import CODER_SMALL, SMOL_CUT
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

OFFICIAL = official_path(cache_dir(None, os.environ), CODER_SMALL)
needs_model = pytest.mark.skipif(
    not OFFICIAL.exists(), reason="the 0.5B model is not in the cache: CONTRIBUTING.md"
)


@pytest.fixture(
    scope="module",
    params=[SMOL_CUT.name, pytest.param(CODER_SMALL.name, marks=needs_model)],
)
def gguf(request: pytest.FixtureRequest) -> Path:
    """Both official files that are at hand."""
    if request.param == CODER_SMALL.name:
        return OFFICIAL
    with packaged_file(SMOL_CUT) as path:
        return path


def test_the_packaged_model_is_converted_without_torch_transformers_or_onnx(tmp_path: Path) -> None:
    others = ALL | {"onnx", "onnxruntime"}
    flags = ("--engine=torch", "--cache-dir", str(tmp_path))
    done = reviewbot("model", "pull", SMOL_CUT.name, *flags, without=others)

    assert done.returncode == 0, done.stderr
    conversion = checkpoint(SMOL_CUT, SMOL_CUT.layer, head=False)
    check(Path(done.stdout.strip()), conversion, again=True)
