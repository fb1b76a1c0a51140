"""Weights in 8 or 4 bits, through bitsandbytes: how transformers is asked for them, and when not.

bitsandbytes is imported by transformers while a model is loaded, and only where this is asked for.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from huggingface_hub import constants

from reviewbot.encoders.encoder import EncoderSpec
from reviewbot.errors import EnvironmentFailure, MissingExtra, UsageError

NEEDED = ("bitsandbytes", "accelerate")  # transformers loads nothing quantized without the second


def check_quantized(spec: EncoderSpec) -> None:
    """Refuse what cannot be, before a byte of a model is read.

    raises  UsageError for a CPU (it would only be slower) or an explicit fp32; MissingExtra;
            EnvironmentFailure where the package `kernels` is installed
    """
    if spec.quantize == "none":
        return
    if spec.device != "cuda":
        raise UsageError(
            f"nothing was scored: quantize {spec.quantize!r} needs a GPU; on a CPU it would only "
            "be slower",
            fix="set device to cuda, or quantize to none",
        )
    if spec.dtype == "fp32":
        raise UsageError(
            f"nothing was scored: with quantize {spec.quantize!r} the rest is computed in bf16, "
            "not in fp32",
            fix="leave dtype out, or set quantize to none",
        )
    check_packages(spec.quantize)


def check_packages(quantize: str) -> None:
    """Refuse where the packages are not the right ones, without importing any."""
    if find_spec("kernels"):  # bitsandbytes takes its presence for leave to run downloaded code
        raise EnvironmentFailure(
            "nothing was scored: the package `kernels` is installed, through which bitsandbytes "
            "would download and run native code",
            fix="pip uninstall kernels, or set quantize to none",
        )
    if missing := [name for name in NEEDED if not find_spec(name)]:
        raise MissingExtra(
            f"nothing was scored: quantize {quantize!r} needs {missing[0]}, which is not installed",
            fix="pip install 'reviewbot-risk[quantize]'",
        )


def loading_arguments(quantize: str, device: str) -> dict[str, Any]:
    """Return what `from_pretrained` is told beside the rest."""
    import torch
    from transformers import BitsAndBytesConfig  # most runs never need it

    config = BitsAndBytesConfig(
        load_in_8bit=quantize == "8bit",
        # The default, 6.0, looks for columns with an outlier among all tokens of a batch: a state
        # would depend on what follows it, and on the other windows (by 3 %: docs/performance.md).
        llm_int8_threshold=0.0,
        load_in_4bit=quantize == "4bit",
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    # It warns of each layer and each pass, of nothing that anybody could or should change.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    return {"quantization_config": config, "device_map": {"": device}}


@contextmanager
def offline() -> Iterator[None]:
    """Let nothing reach a hub for a moment: the second lock, behind `check_packages`.

    The variable is for what is imported meanwhile; the hub's own library has read it long ago.
    """
    before, known = os.environ.get("HF_HUB_OFFLINE"), constants.HF_HUB_OFFLINE
    os.environ["HF_HUB_OFFLINE"] = "1"
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = known
        if before is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = before
