"""Weights in 8 or 4 bits through bitsandbytes: when this works, and how transformers loads them.

transformers imports bitsandbytes while it loads a model, and only if it is to quantize it.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from reviewbot.errors import EnvironmentFailure, MissingExtra, UsageError, install

PACKAGES = ("bitsandbytes", "accelerate")  # transformers needs the second for quantized weights


def check_device(device: str, quantize: str, dtype: str) -> None:
    """Refuse what torch cannot do here, before a model is fetched or converted for it.

    raises  what `check_quantized` and `require_gpu` raise
    """
    if (device, quantize) == ("cpu", "none"):
        return
    check_quantized(device, quantize, dtype)
    if device == "cuda":
        from reviewbot.encoders.gpu_encoder import require_gpu

        require_gpu()


def check_quantized(device: str, quantize: str, dtype: str) -> None:
    """Refuse what cannot work, before any byte of a model is read.

    raises  UsageError for a CPU (it would only be slower) or an explicit fp32; MissingExtra;
            EnvironmentFailure if the package `kernels` is installed
    """
    if quantize == "none":
        return
    if device != "cuda":
        raise UsageError(
            f"nothing was scored: quantize {quantize!r} needs a GPU; on a CPU it would only "
            "be slower",
            fix="set device to cuda, or quantize to none",
        )
    if dtype == "fp32":
        raise UsageError(
            f"nothing was scored: with quantize {quantize!r} the rest is computed in bf16, "
            "not in fp32",
            fix="leave dtype out, or set quantize to none",
        )
    check_packages(quantize)


def check_packages(quantize: str) -> None:
    """Refuse if the installed packages are wrong, without importing any."""
    if find_spec("kernels"):  # if it is installed, bitsandbytes runs code that it downloads
        raise EnvironmentFailure(
            "nothing was scored: the package `kernels` is installed, through which bitsandbytes "
            "would download and run native code",
            fix="pip uninstall kernels, or set quantize to none",
        )
    if missing := [name for name in PACKAGES if not find_spec(name)]:
        raise MissingExtra(
            f"nothing was scored: quantize {quantize!r} needs {missing[0]}, which is not installed",
            fix=install("quantize"),
        )


def loading_arguments(quantize: str, device: str) -> dict[str, Any]:
    """Return the arguments of `from_pretrained` for quantized weights."""
    import torch
    from transformers import BitsAndBytesConfig  # most runs never need it

    config = BitsAndBytesConfig(
        load_in_8bit=quantize == "8bit",
        # The default, 6.0, looks for columns with an outlier among all tokens of a batch: a state
        # would depend on later tokens and on other windows (by 3 %: docs/performance.md).
        llm_int8_threshold=0.0,
        load_in_4bit=quantize == "4bit",
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    # It warns about each layer and each pass, and a user can change nothing about it.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    return {"quantization_config": config, "device_map": {"": device}}


@contextmanager
def offline() -> Iterator[None]:
    """Let nothing download from a hub: the second lock, behind `check_packages`.

    The variable is for modules that are imported now; the hub's library has already read it.
    """
    from huggingface_hub import constants

    variable, constant = os.environ.get("HF_HUB_OFFLINE"), constants.HF_HUB_OFFLINE
    os.environ["HF_HUB_OFFLINE"] = "1"
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = constant
        if variable is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = variable
