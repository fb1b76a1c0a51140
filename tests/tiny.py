"""A language model small enough to make on the fly, and an artifact for it: random, seeded.

torch and transformers take seconds to import; only the functions that use them do.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from reviewbot.encoders.encoder import EncoderSpec
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.encoders.tokenizer import load_tokenizer
from reviewbot.scoring.artifact import ArtifactModel
from reviewbot.scoring.pooling import group_sizes
from reviewbot.scoring.predictor import Predictor
from reviewbot.scoring.reasons import FeatureNote
from reviewbot.scoring.sae import SparseCoder
from reviewbot.train.export import artifact_files, sae_files, write_directory

if TYPE_CHECKING:
    from reviewbot.encoders.torch_encoder import TransformersEncoder

LAYERS, WIDTH, HEADS, FEATURES, KEPT = 3, 32, 2, 24, 4
LAYER = 2  # the state we read is the second block's output
MODEL_SHA = "ab" * 32
SPECIAL = "<|endoftext|>"
PLAN = ReadingPlan(context=256, overlap=64)
GROUPS = ("sae_max", "state_mean", "surface")
# Qwen's own pattern: a line end sticks to the signs before it, and several line ends are one token.
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEXT = """def add(left, right):
    return left + right


class Thing:
    def __init__(self, value):
        self.value = value

    def double(self):
        if self.value:
            return [self.value, self.value]
"""


def tokenizer() -> Tokenizer:
    """Return a byte-level BPE tokenizer with a few merges and one special token."""
    made = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(PATTERN), "isolated")
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.pre_tokenizer = pre_tokenizers.Sequence([split, bytes_])
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[SPECIAL],
        show_progress=False,
    )
    made.train_from_iterator([TEXT] * 3, trainer)
    made.add_tokens(["<tool_call>"])  # added, but not marked special: Qwen has such ones too
    return made


def write_model(directory: Path, *, width: int = WIDTH, inner: int = 48) -> Path:
    """Write config.json, model.safetensors and tokenizer.json, as a hub checkpoint has them."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    directory.mkdir(parents=True, exist_ok=True)
    words = tokenizer()
    words.save(str(directory / "tokenizer.json"))
    config = Qwen2Config(
        vocab_size=words.get_vocab_size(),
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=None,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Qwen2ForCausalLM(config)
        for parameter in model.parameters():  # larger than the default: layers must differ
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.15)
    model.float().save_pretrained(directory)
    (directory / "generation_config.json").unlink(missing_ok=True)
    return directory


def encoder(
    directory: Path, *, layer: int = LAYER, deep: int | None = None, full: bool = False
) -> "TransformersEncoder":
    """Load the tiny model, on one thread."""
    from reviewbot.encoders.torch_encoder import TransformersEncoder

    spec = EncoderSpec(directory=directory, layer=layer, deep=deep, full=full, threads=1)
    return TransformersEncoder(spec, lambda: load_tokenizer(directory))


def coder(seed: int = 0, *, width: int = WIDTH, features: int = FEATURES) -> SparseCoder:
    """Return random weights of an autoencoder; its numbers are exact in float16."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.normal(0, 0.3, shape).astype(np.float16).astype(np.float32)

    return SparseCoder(
        enc_DF=draw(width, features),
        dec_FD=draw(features, width),
        bias_F=draw(features),
        bias_D=draw(width),
        k=KEPT,
    )


def predictor(groups: tuple[str, ...] = GROUPS, seed: int = 1) -> Predictor:
    """Return random weights on `groups`, scaled so that risks spread over (0, 1)."""
    rng = np.random.default_rng(seed)
    sizes = group_sizes(WIDTH, FEATURES)
    chosen = {name: sizes[name] for name in groups}
    count = sum(chosen.values())
    return Predictor(
        groups=chosen,
        centre_N=rng.normal(0.3, 0.1, count).astype(np.float32),
        scale_N=rng.uniform(0.5, 2, count).astype(np.float32),
        weight_N=rng.normal(0, 0.3, count).astype(np.float32),
        bias=-0.25,
        slope=0.5,
        offset=0.125,
        reference_Q=np.linspace(0, 1, 101, dtype=np.float32),
    )


def tiny_artifact(
    directory: Path,
    *,
    groups: tuple[str, ...] = GROUPS,
    plan: ReadingPlan = PLAN,
    model: ArtifactModel | None = None,
    report_threshold: float = 0.5,
    block_threshold: float = 0.9,
) -> Path:
    """Write a valid artifact of random weights for the tiny model; return its directory."""
    notes = {n: FeatureNote(f"fires on `{n}`" if n % 2 else "", 4.0, 0.1) for n in range(FEATURES)}
    sae = sae_files(coder(), notes, model="tiny", layer=LAYER, context=plan.context, training={})
    files = artifact_files(
        sae,
        predictor(groups),
        name="tiny",
        model=model or ArtifactModel("tiny", MODEL_SHA, LAYER, WIDTH),
        plan=plan,
        report_threshold=report_threshold,
        block_threshold=block_threshold,
        facts={"metrics": {}},
    )
    write_directory(directory, files)
    return directory


def edit_json(path: Path, **changes: object) -> None:
    """Set top-level keys of a JSON file."""
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(data | changes), encoding="utf-8")
