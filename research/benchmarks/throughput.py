"""How many tokens per second the torch encoder reads, on random weights in the shape of a model.

    python research/benchmarks/throughput.py                            0.5b, its layers, on the CPU
    python research/benchmarks/throughput.py --shape 7b --device cuda   on a GPU
    python research/benchmarks/throughput.py --shape 7b --device cuda --quantize 4bit --layers 28

Nothing is fetched: the weights are drawn on the device. Windows of many lengths go through the same
batches and copies of the states as those of a real run. What counts as work are real
tokens, never padding. The ceiling is what bare matrix products of the model's own shapes reach in
the same process. The vocabulary is cut, which changes nothing: an embedding is a lookup, and the
output head is not run. Prints JSON, then a Markdown table.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models
from transformers import Qwen2Config, Qwen2Model

from reviewbot.encoders.encoder import EncoderSpec, default_dtype
from reviewbot.encoders.gpu_encoder import GPU, PASS_TOKENS, GpuEncoder, pack, require_gpu
from reviewbot.encoders.quantization import check_quantized
from reviewbot.encoders.torch_encoder import load_model
from reviewbot.errors import ReviewbotError

VOCABULARY = 1_024


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's sizes, from its config.json."""

    width: int
    layers: int
    heads: int
    kv_heads: int
    inner: int
    preset: int  # blocks read where nobody says otherwise

    def products(self) -> list[tuple[int, int]]:
        """Return the matrices of one block that each token is multiplied with: in, out."""
        kv = self.width // self.heads * self.kv_heads
        d, inner = self.width, self.inner
        return [(d, d), (d, kv), (d, kv), (d, d), (d, inner), (d, inner), (inner, d)]

    def flop(self, length: int, layers: int) -> float:
        """Return the operations of reading one window; an addition and a product are two."""
        dense = 2 * length * sum(rows * columns for rows, columns in self.products())
        causal = 2 * length * (length + 1) * self.width  # scores and values, half of the square
        return float(layers * (dense + causal))


SHAPES = {
    "0.5b": Shape(896, 24, 14, 2, 4_864, 6),
    "1.5b": Shape(1_536, 28, 12, 2, 8_960, 7),
    "7b": Shape(3_584, 28, 28, 4, 18_944, 7),
    "tiny": Shape(64, 3, 2, 1, 128, 2),
}


def windows(tokens: int, context: int, seed: int) -> list[list[int]]:
    """Draw windows of together `tokens` tokens; many are short, as those of small files are."""
    rng, found, left = np.random.default_rng(seed), [], tokens
    while left > 0:
        length = min(left, int(np.clip(rng.lognormal(np.log(context / 3), 0.8), 16, context)))
        found.append(rng.integers(0, VOCABULARY, length).tolist())
        left -= length
    return found


def build(shape: Shape, layers: int, dtype: torch.dtype, device: str) -> Qwen2Model:
    """Make the first blocks of a model out of random numbers, on the device."""
    config = Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        bos_token_id=None,
        eos_token_id=None,
    )
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            return Qwen2Model(config).eval()
    finally:
        torch.set_default_dtype(before)


def open_encoder(
    shape: Shape, spec: EncoderSpec, device: str, step: int, folder: Path
) -> GpuEncoder:
    """Load the real encoder on random weights; quantized ones go through a real checkpoint."""
    if spec.quantize != "none":
        build(shape, spec.layer, torch.bfloat16, device).save_pretrained(folder)

    def load(spec: EncoderSpec, numbers: str, device: str) -> Any:
        if spec.quantize != "none":
            return load_model(spec, numbers, device)
        dtype = torch.bfloat16 if numbers == "bf16" else torch.float32
        return build(shape, spec.layer, dtype, device)

    return GpuEncoder(spec, lambda: Tokenizer(models.BPE()), device, load=load, pass_tokens=step)


def seconds(work: Callable[[], object], device: str, repeats: int) -> float:
    """Return the median time of some work, after one run that is not counted."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        work()
        if device != "cpu":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - start)
    return median(times[1:])


def ceiling(shape: Shape, dtype: torch.dtype, device: str, rows: int, repeats: int) -> float:
    """Return the TFLOP/s of one block's bare matrix products of `rows` tokens."""
    pairs = [
        (
            torch.randn(rows, size, dtype=dtype, device=device),
            torch.randn(size, columns, dtype=dtype, device=device),
        )
        for size, columns in shape.products()
    ]

    def work() -> None:
        for left, right in pairs:
            torch.mm(left, right)

    flop = sum(2 * rows * size * columns for size, columns in shape.products())
    return flop / seconds(work, device, repeats) / 1e12


def peak_mb(device: str) -> float:
    """Return the most memory: of the GPU as torch counts it, or of this process."""
    if device == "cpu":
        unit = 1 if sys.platform == "darwin" else 1_024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return torch.cuda.max_memory_allocated(device) / 1e6


def measure(
    shape: Shape, spec: EncoderSpec, device: str, given: argparse.Namespace
) -> dict[str, Any]:
    """Read the same windows in batches and one by one."""
    texts = windows(given.tokens, given.context, seed=0)
    lengths = [len(ids) for ids in texts]
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        spec = EncoderSpec(**asdict(spec) | {"directory": Path(folder)})
        encoder = open_encoder(shape, spec, device, given.step, Path(folder))
        numbers = "fp32" if encoder.dtype == "fp32" else "bf16"
        dtype = torch.bfloat16 if numbers == "bf16" else torch.float32
        top = ceiling(shape, dtype, device, given.step, given.repeats)
        if device != "cpu":
            torch.cuda.reset_peak_memory_stats(device)
        batched = seconds(lambda: encoder.batch(texts), device, given.repeats)
        single = seconds(lambda: [encoder.states(ids) for ids in texts], device, given.repeats)
    padded = sum(len(rows) * lengths[rows[0]] for rows in pack(lengths, encoder.pass_tokens))
    reached = sum(shape.flop(length, spec.layer) for length in lengths) / batched / 1e12
    return {
        "shape": given.shape,
        **asdict(shape),
        "read_layers": spec.layer,
        "engine": encoder.engine,
        "device": device,
        "threads": torch.get_num_threads(),
        "dtype": encoder.dtype,
        "windows": len(texts),
        "tokens": sum(lengths),
        "step": encoder.pass_tokens,
        "padding": 1 - sum(lengths) / padded,
        "tokens_per_s": sum(lengths) / batched,
        "tokens_per_s_one_by_one": sum(lengths) / single,
        "tflop_per_s": reached,
        "ceiling_tflop_per_s": top,
        "ceiling_numbers": numbers,
        "of_ceiling": reached / top,
        "peak_mb": peak_mb(device),
        "repeats": given.repeats,
    }


def table(result: Mapping[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    reached = f"{result['tflop_per_s']:.3g} TFLOP/s, {result['of_ceiling']:.0%} of the ceiling"
    ceiling = f"{result['ceiling_tflop_per_s']:.3g} TFLOP/s ({result['ceiling_numbers']})"
    rows = [
        ("shape", f"{result['shape']}, {result['read_layers']} of {result['layers']} layers"),
        ("engine", result["engine"]),
        ("device", result["device"]),
        ("read", f"{result['tokens']} tokens in {result['windows']} windows"),
        ("tokens per step", f"{result['step']}, {result['padding']:.0%} of them padding"),
        ("in batches", f"{result['tokens_per_s']:.0f} tokens/s"),
        ("one by one", f"{result['tokens_per_s_one_by_one']:.0f} tokens/s"),
        ("reached", reached),
        ("ceiling", ceiling),
        ("peak memory", f"{result['peak_mb']:.0f} MB"),
    ]
    lines = [f"| {name} | {str(value).replace('|', '/')} |" for name, value in rows]
    return "\n".join([f"| median of {result['repeats']} | |", "|---|---|", *lines])


def main() -> None:
    """Measure one shape."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--shape", choices=list(SHAPES), default="0.5b")
    parser.add_argument("--layers", type=int, help="blocks read; unset: the preset's")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--dtype", choices=["fp32", "bf16", "auto"])
    parser.add_argument("--quantize", choices=["none", "8bit", "4bit"], default="none")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--step", type=int, help="tokens of a forward pass")
    parser.add_argument("--tokens", type=int, help="tokens read in all")
    parser.add_argument("--context", type=int, default=2_048, help="the longest window")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    shape = SHAPES[given.shape]
    given.step = given.step or (PASS_TOKENS if given.device == "cuda" else 2_048)
    spec = EncoderSpec(
        directory=Path(),
        layer=given.layers or shape.preset,
        dtype=given.dtype or default_dtype(given.device),
        device=given.device,
        quantize=given.quantize,
        threads=given.threads,
    )
    try:
        check_quantized(spec.device, spec.quantize, spec.dtype)
        if given.device == "cuda":
            require_gpu()
        given.tokens = given.tokens or 4 * given.step
        result = measure(shape, spec, GPU if given.device == "cuda" else "cpu", given)
    except ReviewbotError as exc:
        print(f"error: {exc}", file=sys.stderr)
        sys.exit(exc.exit_code)
    print(json.dumps(result, indent=1), table(result), sep="\n\n")


if __name__ == "__main__":
    main()
