"""The reader that the options of a training command ask for."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.app.progress import progress_bar, say
from reviewbot.errors import EngineUnfit, UsageError
from reviewbot.models.registry import MODELS

if TYPE_CHECKING:
    from reviewbot.encoders.prompt import Pieces
    from reviewbot.train.reader import Reader

MARKS = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|endoftext|>")


def open_reader(
    *,
    model: str,
    layer: int | None,
    dtype: str | None,
    threads: int,
    description: bool = False,
    layout: str = "file",
    deep: int | None = None,
    full: bool = False,
    engine: str = "auto",
    device: str = "cpu",
    quantize: str = "none",
) -> tuple["Reader", str]:
    """Download the model if needed and load it; return the reader and the model's name.

    The engine is the one that `check` would choose.
    """
    from reviewbot.app.load import engines
    from reviewbot.config.choices import Device, Dtype, Engine, Quantize
    from reviewbot.config.schema import Settings
    from reviewbot.encoders.encoder import EncoderSpec, default_dtype, load_encoder
    from reviewbot.encoders.prompt import ReadingPlan
    from reviewbot.encoders.quantization import check_device
    from reviewbot.models.ensure import ensure_model
    from reviewbot.train.reader import Reader

    dtype = dtype or default_dtype(device)
    settings = Settings(
        engine=Engine(engine),
        device=Device(device),
        quantize=Quantize(quantize),
        dtype=Dtype(dtype),
        threads=threads,
    )
    bar = progress_bar()
    if layer is None and model in MODELS:
        layer = MODELS[model].layer
    elif layer is None:
        # Without `full` and `deep`: the store would take their depth for the model's own.
        layer = ensure_model(model, environ=os.environ, progress=bar, say=say).layers
    order = engines(settings)
    for name in order:
        if name == "torch":
            check_device(device, quantize, dtype)
        try:
            checkpoint = ensure_model(
                model,
                max(layer, deep or 0),
                full=full,
                taps=(layer, deep) if name == "onnx" else None,
                environ=os.environ,
                progress=bar,
                say=say,
            )
            spec = EncoderSpec(
                directory=checkpoint.directory,
                engine=name,
                layer=layer,
                deep=deep,
                full=full,
                dtype=dtype,
                threads=threads,
                device=device,
                quantize=quantize,
            )
            encoder = load_encoder(spec)
            break
        except EngineUnfit as exc:
            if name == order[-1]:
                raise
            say(f"{exc.why}; reading with torch instead")
    reader = Reader(
        encoder=encoder,
        plan=ReadingPlan(description=description, pieces=pieces_of(layout, checkpoint.directory)),
        model_sha256=checkpoint.sha256,
        layer=layer,
        full=full,
        deep=deep,
    )
    return reader, checkpoint.name


def pieces_of(layout: str, directory: Path) -> "Pieces | None":
    """Return how a layout cuts a change. raises UsageError if the model lacks the marks for it."""
    from reviewbot.encoders.prompt import Pieces
    from reviewbot.encoders.tokenizer import load_tokenizer

    if layout == "file":
        return None
    if layout == "pieces":
        return Pieces(lines=96, join=12, before=192, after=0, preamble=64)
    tokenizer = load_tokenizer(directory)
    before, behind, middle, end = map(tokenizer.token_to_id, MARKS)
    if before is None or behind is None or middle is None or end is None:
        raise UsageError(
            "the model has no marks for code on both sides, nothing was trained",
            fix="choose another --layout, or use qwen2.5-coder-0.5b",
        )
    return Pieces(marks=(before, behind, middle, end))
