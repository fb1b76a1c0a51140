"""Loads a checkpoint with transformers: from disk, safetensors only, complete or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from transformers import AutoModel, AutoModelForCausalLM
from transformers import utils as transformers_utils
from transformers.utils import logging as transformers_logging

from reviewbot.encoders.encoder import EncoderSpec
from reviewbot.encoders.quantization import loading_arguments, offline
from reviewbot.errors import EnvironmentFailure, ModelUnavailable

Load = Callable[[EncoderSpec, str, str], Any]  # spec, "fp32" or "bf16", device -> the model


@contextmanager
def _no_scipy() -> Iterator[None]:
    """Let transformers believe for a moment that scipy is not there.

    Where it is (scikit-learn brings it), importing a model imports scipy.optimize for a loss of
    object detection: half a second of start-up for something that is never computed here.
    """
    found = transformers_utils.is_scipy_available
    transformers_utils.is_scipy_available = lambda: False
    try:
        yield
    finally:
        transformers_utils.is_scipy_available = found


def load_model(spec: EncoderSpec, numbers: str, device: str) -> Any:
    """Load a model, ready to read: onto the device where it is quantized, else into memory.

    numbers  "fp32" or "bf16": what is not quantized
    raises   ModelUnavailable for a damaged checkpoint; EnvironmentFailure where bitsandbytes fails
    """
    kind = AutoModelForCausalLM if spec.full else AutoModel
    quantized = spec.quantize != "none"
    more = loading_arguments(spec.quantize, device) if quantized else {}
    transformers_logging.disable_progress_bar()  # a bar for half a second of loading is noise
    try:
        with _no_scipy(), offline() if quantized else nullcontext():
            model, loading = kind.from_pretrained(
                spec.directory,
                dtype=torch.bfloat16 if numbers == "bf16" else torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
                **more,
            )
    except Exception as exc:  # safetensors and the hub's checks raise bare Exceptions
        if isinstance(exc, MemoryError | torch.OutOfMemoryError) or (
            "allocate memory" in str(exc).lower()
        ):
            raise
        if quantized and isinstance(exc, ImportError | RuntimeError | AttributeError):
            raise EnvironmentFailure(
                f"bitsandbytes cannot quantize the model, nothing was scored: {str(exc)[:300]}",
                fix="run `python -m bitsandbytes`, which says what it lacks",
            ) from exc
        raise ModelUnavailable(
            f"the model cannot be loaded, nothing was scored: {str(exc)[:300]}",
            fix="run `reviewbot model verify`, then `reviewbot model pull`",
        ) from exc
    if missing := sorted(loading["missing_keys"]):  # transformers fills them with random numbers
        raise ModelUnavailable(
            f"the model's files lack {missing[0]!r}, nothing was scored",
            fix="run `reviewbot model verify`, then `reviewbot model pull`",
        )
    return model.eval()
