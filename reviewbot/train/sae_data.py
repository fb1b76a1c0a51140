"""Batches for the autoencoder, and the checkpoint from which a stopped run resumes."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from reviewbot.arrays import Array
from reviewbot.errors import ArtifactError
from reviewbot.train.export import write_whole
from reviewbot.train.sae_model import Autoencoder, SaeConfig
from reviewbot.train.shards import Shard, read_shard

SHARDS_AT_ONCE = 8  # held in memory and mixed

Pairs = tuple[torch.Tensor, torch.Tensor]  # (original, corrupted), each (P, D)


def states(shard: Shard, config: SaeConfig) -> Array:
    """Return the tokens of a shard that the run trains on, (T, D)."""
    return shard.states_TD[shard.line_end_T > 0] if config.line_ends_only else shard.states_TD


def mean_state(paths: Sequence[Path], config: SaeConfig) -> torch.Tensor:
    """Return the mean state over all shards, the start of b_dec."""
    total, count = 0.0, 0
    for path in paths:
        part_TD = states(read_shard(path), config)
        total = total + part_TD.sum(axis=0, dtype=np.float64)
        count += len(part_TD)
    return torch.tensor(np.asarray(total) / max(count, 1), dtype=torch.float32)


def batches(
    paths: Sequence[Path], config: SaeConfig, order: np.random.Generator
) -> Iterator[tuple[torch.Tensor, Pairs]]:
    """Yield one epoch: token batches (T, D) mixed over several shards, each with some pairs."""
    shuffled = [paths[i] for i in order.permutation(len(paths))]
    for start in range(0, len(shuffled), SHARDS_AT_ONCE):
        shards = [read_shard(path) for path in shuffled[start : start + SHARDS_AT_ONCE]]
        states_TD = np.concatenate([states(shard, config) for shard in shards])
        right_PD = np.concatenate([shard.right_PD for shard in shards])
        wrong_PD = np.concatenate([shard.wrong_PD for shard in shards])
        mixed = order.permutation(len(states_TD))
        count = max(1, round(len(mixed) / config.batch))
        pair_order = np.array_split(order.permutation(len(right_PD)), count)
        for tokens, pairs in zip(np.array_split(mixed, count), pair_order, strict=True):
            sides = (torch.from_numpy(right_PD[pairs]), torch.from_numpy(wrong_PD[pairs]))
            yield torch.from_numpy(states_TD[tokens]), sides


def _run_id(config: SaeConfig, paths: Sequence[Path]) -> str:
    counts = [path.with_suffix(".json").read_text(encoding="utf-8") for path in paths]
    text = json.dumps([asdict(config), [path.name for path in paths], counts])
    return hashlib.sha256(text.encode()).hexdigest()


def save_checkpoint(
    path: Path,
    config: SaeConfig,
    paths: Sequence[Path],
    model: Autoencoder,
    optimiser: torch.optim.Optimizer,
    idle_F: torch.Tensor,
    step: int,
    epoch: int,
) -> None:
    """Write weights, optimiser and counters as safetensors, whole or not at all."""
    tensors = {f"model.{key}": value for key, value in model.state_dict().items()}
    for number, values in optimiser.state_dict()["state"].items():
        tensors |= {f"adam.{number}.{key}": value for key, value in values.items()}
    tensors["idle"] = idle_F
    metadata = {"run": _run_id(config, paths), "step": str(step), "epoch": str(epoch)}
    whole = {key: value.contiguous() for key, value in tensors.items()}
    write_whole(path, lambda temporary: save_file(whole, temporary, metadata=metadata))


def resume(
    path: Path,
    config: SaeConfig,
    paths: Sequence[Path],
    model: Autoencoder,
    optimiser: torch.optim.Optimizer,
    idle_F: torch.Tensor,
) -> tuple[int, int]:
    """Load a checkpoint into model, optimiser and counters; return step and epoch, or (0, 0).

    raises  ArtifactError where it was written by another configuration or corpus, or is damaged
    """
    if not path.exists():
        return 0, 0
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
    except SafetensorError as exc:
        raise ArtifactError(
            f"the checkpoint {path.name!r} is damaged, nothing was trained: {exc}",
            fix="delete it to start again",
        ) from exc
    if metadata.get("run") != _run_id(config, paths):
        raise ArtifactError(
            f"the checkpoint {path.name!r} belongs to another run, nothing was trained",
            fix="name another --work, or delete the checkpoint to start again",
        )
    tensors = load_file(path)
    model.load_state_dict(
        {key[6:]: value for key, value in tensors.items() if key.startswith("model.")}
    )
    saved = optimiser.state_dict()
    for key, value in tensors.items():
        if key.startswith("adam."):
            _, number, name = key.split(".")
            saved["state"].setdefault(int(number), {})[name] = value
    optimiser.load_state_dict(saved)
    idle_F.copy_(tensors["idle"])
    return int(metadata["step"]), int(metadata["epoch"])
