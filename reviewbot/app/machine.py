"""Whether this machine can compute as the settings say: asked before a model is made ready."""

from pathlib import Path

from reviewbot.app.served import sockets
from reviewbot.config.settings import Settings


def check_machine(device: str, quantize: str, dtype: str) -> None:
    """Refuse what torch cannot do here, before a model is fetched or converted for it.

    raises  what `check_quantized` and `require_gpu` raise
    """
    if (device, quantize) == ("cpu", "none"):
        return
    from reviewbot.encoders.encoder import EncoderSpec
    from reviewbot.encoders.quantization import check_quantized

    check_quantized(
        EncoderSpec(directory=Path(), layer=0, dtype=dtype, device=device, quantize=quantize)
    )
    if device == "cuda":
        from reviewbot.encoders.torch_batches import require_gpu

        require_gpu()


def may_be_served(settings: Settings) -> bool:
    """Return True if a server listens that may have the model: then torch need not be imported."""
    return settings.server != "never" and any(sockets(settings).glob("*.sock"))
