"""The checkpoint of a run: one safetensors file with JSON in its header."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from reviewbot.errors import ArtifactError
from reviewbot.train.export import write_whole
from reviewbot.train.ranks import Ranks
from reviewbot.train.sae_replica import Cursor, Replica


def save_checkpoint(path: Path, run: str, replica: Replica) -> None:
    """Write weights, optimiser, counters and cursor, whole or not at all.

    run  decides whether a later run may go on from here
    """
    tensors = {f"model.{key}": value for key, value in replica.model.state_dict().items()}
    for number, values in replica.optimiser.state_dict()["state"].items():
        tensors |= {f"adam.{number}.{key}": value for key, value in values.items()}
    tensors["idle"] = replica.idle_F
    # One entry: several would come in any order, and equal checkpoints should be equal files.
    metadata = {"checkpoint": json.dumps({"run": run, "cursor": asdict(replica.cursor)})}
    whole = {key: value.cpu().contiguous() for key, value in tensors.items()}
    write_whole(path, lambda temporary: save_file(whole, temporary, metadata=metadata))


def resume(path: Path, run: str, replica: Replica, ranks: Ranks) -> None:
    """Load a checkpoint into an untrained replica; without one, leave it as it is.

    raises  ArtifactError where another run wrote it, it is damaged, or processes see different ones
    """
    if path.exists():
        try:
            with safe_open(path, "pt") as file:
                metadata = json.loads((file.metadata() or {})["checkpoint"])
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            replica.cursor = Cursor(**metadata["cursor"])
        except (SafetensorError, ValueError, TypeError, KeyError) as exc:
            raise ArtifactError(
                f"the checkpoint {path.name!r} is damaged, nothing was trained: {exc}",
                fix="delete it to start again",
            ) from exc
        if metadata["run"] != run:
            raise ArtifactError(
                f"the checkpoint {path.name!r} belongs to another run, nothing was trained",
                fix="name another --work, or delete the checkpoint to start again",
            )
        _load(tensors, replica)
    trained = replica.cursor.trained
    if int(ranks.sum(torch.tensor(trained))) != ranks.world * trained:
        raise ArtifactError(
            "the processes found different checkpoints, nothing was trained",
            fix="give all processes the same --work, on a disk that they share",
        )


def _load(tensors: dict[str, torch.Tensor], replica: Replica) -> None:
    replica.model.load_state_dict(
        {key[6:]: value for key, value in tensors.items() if key.startswith("model.")}
    )
    replica.idle_F.copy_(tensors["idle"])
    saved = replica.optimiser.state_dict()
    for key, value in tensors.items():
        if key.startswith("adam."):
            _, number, name = key.split(".")
            saved["state"].setdefault(int(number), {})[name] = value
    replica.optimiser.load_state_dict(saved)
