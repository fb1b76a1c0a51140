"""A tiny GGUF model made on the fly, and a server that can misbehave."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import quantize

from reviewbot.models.registry import ModelSpec

LAYERS, WIDTH, HEADS, KV_HEADS, HIDDEN = 4, 64, 4, 2, 96
LETTERS = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 256))]
VOCABULARY = [*LETTERS, "Ġ", "Ċ", "Ġa", "de", "def", "<|endoftext|>"]
MERGES = ["Ġ a", "d e", "de f"]


def write_gguf(path: Path, architecture: str, *, tied: bool = False) -> None:
    """Write a random model of 4 layers, quantised to Q8_0 where the real ones are quantised."""
    rng = np.random.default_rng(0)
    writer = GGUFWriter(str(path), architecture)
    writer.add_block_count(LAYERS)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(VOCABULARY))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2" if architecture == "qwen2" else "smollm")
    writer.add_token_list(VOCABULARY)
    writer.add_token_types([1] * (len(VOCABULARY) - 1) + [3])
    writer.add_token_merges(MERGES)
    for add in (writer.add_bos_token_id, writer.add_eos_token_id, writer.add_pad_token_id):
        add(len(VOCABULARY) - 1)

    def add_matrix(name: str, rows: int, columns: int) -> None:
        values = rng.normal(0, 0.1, (rows, columns)).astype(np.float32)
        kind = GGMLQuantizationType.Q8_0
        writer.add_tensor(name, quantize(values, kind), raw_dtype=kind)

    def add_vector(name: str, size: int) -> None:
        writer.add_tensor(name, rng.normal(1, 0.1, size).astype(np.float32))

    narrow = WIDTH // HEADS * KV_HEADS
    add_matrix("token_embd.weight", len(VOCABULARY), WIDTH)
    for block in range(LAYERS):
        at = f"blk.{block}."
        for name, rows, columns in (
            ("attn_q", WIDTH, WIDTH),
            ("attn_k", narrow, WIDTH),
            ("attn_v", narrow, WIDTH),
            ("attn_output", WIDTH, WIDTH),
            ("ffn_gate", HIDDEN, WIDTH),
            ("ffn_up", HIDDEN, WIDTH),
            ("ffn_down", WIDTH, HIDDEN),
        ):
            add_matrix(f"{at}{name}.weight", rows, columns)
        add_vector(f"{at}attn_norm.weight", WIDTH)
        add_vector(f"{at}ffn_norm.weight", WIDTH)
        if architecture == "qwen2":
            add_vector(f"{at}attn_q.bias", WIDTH)
            add_vector(f"{at}attn_k.bias", narrow)
            add_vector(f"{at}attn_v.bias", narrow)
    add_vector("output_norm.weight", WIDTH)
    if not tied:
        add_matrix("output.weight", len(VOCABULARY), WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def spec_of(data: bytes, architecture: str = "qwen2") -> ModelSpec:
    """The table row of a tiny model whose official bytes are `data`."""
    return ModelSpec(
        name="tiny",
        architecture=architecture,
        repo="someone/tiny-GGUF",
        revision="a" * 40,
        filename="tiny.gguf",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        license="Apache-2.0",
        layers=LAYERS,
        stored=LAYERS,
        layer=2,
        width=WIDTH,
    )


@dataclass
class Site:
    """What a server gives, and what it was asked for."""

    files: dict[str, bytes] = field(default_factory=dict)  # path -> body
    stop_after: int | None = None  # bytes per answer; then it hangs up
    ranges: bool = True
    hang: float = 0.0  # seconds before it answers
    asked: list[tuple[str, str]] = field(default_factory=list)  # (path, Range header)
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serve(site: Site) -> Iterator[Site]:
    """Serve `site` on loopback; its `url` is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            site.asked.append((self.path, wanted))
            if site.hang:
                site.released.wait(site.hang)
            data = site.files.get(self.path)
            if data is None:
                self.send_error(404)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and site.ranges else 0
            if start >= len(data) > 0 and wanted:
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            stop = len(data) if site.stop_after is None else start + site.stop_after
            with suppress(OSError):  # the client may have heard enough
                self.wfile.write(data[start:stop])

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        site.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield site
        finally:
            site.released.set()
            server.shutdown()
