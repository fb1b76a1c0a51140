"""The plain arithmetic that the int8 engine is held against computes what transformers does."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from reviewbot.arrays import Array
from reviewbot.models.reference import states
from reviewbot.models.smoothing import smoothed
from tests.models.trunks import KINDS, LAYERS, opened, some_ids, write_trunk


def reference(directory: Path, ids: list[int], *taps: int, head: bool) -> dict[str, Array]:
    with opened(directory) as source:
        embedded_TD = source.get("embed_tokens.weight")[ids]
        return states(source.shape, source.get, embedded_TD, taps, head=head)[0]


def transformers_states(directory: Path, ids: list[int]) -> dict[str, Array]:
    """What each block gives, seen by hooks, and what comes out of the final norm."""
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    found = {}
    for number, block in enumerate(model.model.layers, 1):

        def keep(_module: object, _inputs: object, output: torch.Tensor, n: int = number) -> None:
            found[f"state_{n}"] = output.reshape(len(ids), -1).numpy()

        block.register_forward_hook(keep)
    with torch.inference_mode():
        out = model.model(input_ids=torch.tensor([ids]))
        found["final"] = out.last_hidden_state[0].numpy()
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_and_the_final_norm_are_those_of_transformers(
    kind: str, tmp_path: Path
) -> None:
    directory, ids = write_trunk(tmp_path / "model", kind), some_ids(70)
    right = transformers_states(directory, ids)
    found = reference(directory, ids, 1, 2, LAYERS, head=True)

    assert found.keys() == right.keys() == {"state_1", "state_2", "state_3", "final"}
    for name, right_TD in right.items():
        assert np.abs(right_TD).max() > 0.5, name  # else to be close would mean nothing
        np.testing.assert_allclose(found[name], right_TD, atol=1e-4, err_msg=name)


def test_smoothing_changes_the_channels_between_and_no_state(tmp_path: Path) -> None:
    directory, ids = write_trunk(tmp_path / "model", "qwen2 with grouped heads"), some_ids(70)
    with opened(directory) as source:
        embedded_TD = source.get("embed_tokens.weight")[ids]
        right, spreads = states(source.shape, source.get, embedded_TD, (2,), head=False)
        spreads = {name: spread_D * np.arange(1, 65) ** 2 for name, spread_D in spreads.items()}
        get = smoothed(source.get, spreads)
        found, evened = states(source.shape, get, embedded_TD, (2,), head=False)

    assert len(spreads) == 4
    for name, spread_D in spreads.items():
        assert evened[name].max() < spread_D.max() / 2**5, name
    np.testing.assert_allclose(found["state_2"], right["state_2"], rtol=1e-3, atol=1e-4)


def test_without_the_head_it_stops_at_the_last_tap(tmp_path: Path) -> None:
    directory, ids = write_trunk(tmp_path / "model", "llama"), some_ids(9)
    both = reference(directory, ids, 1, 2, head=False)

    assert both.keys() == {"state_1", "state_2"}
    whole = reference(directory, ids, 2, head=True)
    assert np.array_equal(both["state_2"], whole["state_2"])
