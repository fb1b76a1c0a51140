"""A bundle on disk: what was written is what is read, and nothing else is."""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from reviewbot.errors import ArtifactError
from reviewbot.models.registry import MODELS
from reviewbot.scoring import artifact
from reviewbot.scoring.artifact import FILES, ArtifactModel, check_model, load_artifact, unread
from reviewbot.scoring.predictor import Predictor
from reviewbot.scoring.sae import SparseCoder
from reviewbot.train.export import artifact_files, read_sae, sae_files, write_directory
from tests import tiny


@pytest.fixture
def bundle(tiny_artifact: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_artifact, tmp_path / "bundle"))


def refused(directory: Path) -> str:
    """Load, expect two lines of error, return the first."""
    with pytest.raises(ArtifactError) as caught:
        load_artifact(directory)
    what, fix = str(caught.value).split("\n")
    assert fix.startswith("  fix: ")
    return what


def write(directory: Path, predictor: Predictor, coder: SparseCoder | None = None) -> Path:
    sae = sae_files(coder or tiny.coder(), {}, model="tiny", layer=2, context=64, training={})
    files = artifact_files(
        sae,
        predictor,
        name="tiny",
        model=ArtifactModel("tiny", tiny.MODEL_SHA, tiny.LAYER, tiny.WIDTH),
        plan=tiny.PLAN,
        report_threshold=0.5,
        block_threshold=0.9,
        facts={},
    )
    write_directory(directory, files)
    return directory


def test_what_was_exported_is_what_is_loaded(bundle: Path) -> None:
    found, coder, predictor = load_artifact(bundle), tiny.coder(), tiny.predictor()

    assert found.model == ArtifactModel("tiny", tiny.MODEL_SHA, tiny.LAYER, tiny.WIDTH)
    assert found.plan == tiny.PLAN
    assert list(found.predictor.groups.items()) == list(predictor.groups.items())
    assert found.manifest["operating_points"] == {"show": 0.5, "gate": 0.9}
    assert found.info.name == "tiny"
    for name in ("enc_DF", "dec_FD", "bias_F", "bias_D"):
        np.testing.assert_array_equal(getattr(found.coder, name), getattr(coder, name))
    for name in ("centre_N", "scale_N", "weight_N", "reference_Q"):
        np.testing.assert_array_equal(getattr(found.predictor, name), getattr(predictor, name))
    assert (found.coder.k, found.predictor.bias) == (coder.k, predictor.bias)
    assert (found.predictor.slope, found.predictor.offset) == (predictor.slope, predictor.offset)
    assert found.notes[3].label == "fires on `3`"


def test_the_same_weights_make_the_same_files(tmp_path: Path) -> None:
    one, other = (tiny.tiny_artifact(tmp_path / name) for name in ("one", "other"))

    for name in (*FILES, "manifest.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_an_older_bundle_is_replaced_and_nothing_half_written_stays(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "manifest.json").write_text("old")
    tiny.tiny_artifact(tmp_path / "a")

    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert load_artifact(tmp_path / "a").info.name == "tiny"


def test_the_autoencoder_is_in_the_layout_that_saelens_reads(bundle: Path) -> None:
    config = json.loads((bundle / "sae" / "cfg.json").read_text())
    _, coder = read_sae(bundle)

    assert {key: config[key] for key in ("architecture", "d_in", "d_sae", "k")} == {
        "architecture": "topk",
        "d_in": tiny.WIDTH,
        "d_sae": tiny.FEATURES,
        "k": tiny.KEPT,
    }
    assert config["normalize_activations"] == "layer_norm"
    assert config["apply_b_dec_to_input"] is True
    assert config["metadata"]["hook_name"] == f"blocks.{tiny.LAYER - 1}.hook_resid_post"
    shapes = {
        name: array.shape
        for name, array in load_file(bundle / "sae" / "sae_weights.safetensors").items()
    }
    assert shapes == {
        "W_enc": (tiny.WIDTH, tiny.FEATURES),
        "W_dec": (tiny.FEATURES, tiny.WIDTH),
        "b_enc": (tiny.FEATURES,),
        "b_dec": (tiny.WIDTH,),
    }
    np.testing.assert_array_equal(coder.enc_DF, tiny.coder().enc_DF)


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_a_changed_byte_or_none_is_refused(bundle: Path, name: str) -> None:
    path = bundle / name
    whole = path.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert "hash" in refused(bundle)
    path.write_bytes(whole[:-1])
    assert "hash" in refused(bundle)
    path.write_bytes(whole)
    load_artifact(bundle)
    path.unlink()
    assert path.name in refused(bundle)


def test_a_file_that_is_too_large_is_not_read(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact, "MAX_FILE", 2_000)
    with (bundle / "features.json").open("ab") as file:
        file.truncate(10**12)  # sparse: reading it would take a terabyte

    assert "over 2000 bytes" in refused(bundle)


def test_another_model_is_refused_by_its_hash(bundle: Path) -> None:
    found = load_artifact(bundle)
    check_model(found, tiny.MODEL_SHA, "tiny")

    with pytest.raises(ArtifactError, match=r"tiny.*abababab.*this is other \(cdcdcdcd"):
        check_model(found, "cd" * 32, "other")


PREDICTORS: dict[str, Callable[[Predictor], dict[str, Any]]] = {
    "weight NaN": lambda p: {"weight_N": np.full_like(p.weight_N, np.nan)},
    "centre infinite": lambda p: {"centre_N": np.full_like(p.centre_N, np.inf)},
    "a weight too few": lambda p: {"weight_N": p.weight_N[1:]},
    "scale 0": lambda p: {"scale_N": np.zeros_like(p.scale_N)},
    "reference NaN": lambda _: {"reference_Q": np.array([0, np.nan, 1], np.float32)},
    "reference only NaN": lambda _: {"reference_Q": np.array([np.nan], np.float32)},
    "reference descends": lambda _: {"reference_Q": np.array([0.5, 0.25], np.float32)},
    "no reference": lambda _: {"reference_Q": np.zeros(0, np.float32)},
    "slope NaN": lambda _: {"slope": float("nan")},
    "slope below 0": lambda _: {"slope": -1.0},
    "bias infinite": lambda _: {"bias": float("inf")},
    "no groups": lambda _: {"groups": {}},
    "unknown group": lambda p: {"groups": {**p.groups, "astrology": 3}},
}


@pytest.mark.parametrize("name", PREDICTORS)
def test_a_predictor_that_cannot_be_right_is_refused(tmp_path: Path, name: str) -> None:
    predictor = tiny.predictor()
    wrong = replace(predictor, **PREDICTORS[name](predictor))

    assert "damaged" in refused(write(tmp_path / "a", wrong))


def test_an_autoencoder_that_is_not_finite_or_of_another_width_is_refused(tmp_path: Path) -> None:
    coder = tiny.coder()
    broken = replace(coder, bias_F=np.full_like(coder.bias_F, np.nan))
    huge = replace(coder, bias_F=np.full_like(coder.bias_F, 1e6))  # over what float16 holds
    narrow = tiny.coder(width=16)

    with np.errstate(over="ignore"):
        for number, one in enumerate((broken, huge, narrow)):
            assert "damaged" in refused(write(tmp_path / str(number), tiny.predictor(), one))


ROWS = [{"least": 0.0, "changes": 9, "fixed": 2}, {"least": 1.5, "changes": 8, "fixed": 8}]
QUANTILES = [n / 10 for n in range(101)]
WRONG_CHANGES: list[Any] = [None, {"survived": QUANTILES}]
WRONG_CHANGES += [
    {"survived": survived, "labelled": ROWS}
    for survived in (QUANTILES[1:], QUANTILES[::-1], [-0.1, *QUANTILES[1:]], [True] * 101)
]
WRONG_CHANGES += [{"survived": [*QUANTILES[:-1], float("nan")], "labelled": ROWS}]
WRONG_CHANGES += [
    {"survived": QUANTILES, "labelled": rows}
    for rows in (
        [],
        ROWS[1:],  # what lies below the first row has none
        ROWS[::-1],
        [ROWS[0], ROWS[0]],
        [ROWS[0] | {"fixed": 10}],
        [ROWS[0] | {"fixed": -1}],
        [ROWS[0] | {"changes": 0, "fixed": 0}],
        [ROWS[0] | {"changes": 9.5}],
        [ROWS[0] | {"more": 1}],
    )
]
WRONG_CHANGES += [{"survived": QUANTILES, "labelled": ROWS, "more": 1}]


def test_changes_of_known_outcome_are_read_from_the_manifest(bundle: Path) -> None:
    assert load_artifact(bundle).changes is None
    tiny.edit_json(bundle / "manifest.json", changes={"survived": QUANTILES, "labelled": ROWS})

    found = load_artifact(bundle).changes

    assert found is not None
    sums = (0.0, 0.05, 0.1, 1.49, 1.5, 9.95, 10.0, 99.0)
    assert [found.percentile(x) for x in sums] == [0, 0, 0, 14, 14, 99, 99, 99]
    assert [found.alike(x).fixed for x in sums] == [2, 2, 2, 2, 8, 8, 8, 8]


@pytest.mark.parametrize("value", WRONG_CHANGES, ids=range(len(WRONG_CHANGES)))
def test_changes_that_cannot_be_are_refused(bundle: Path, value: Any) -> None:
    tiny.edit_json(bundle / "manifest.json", changes=value)

    assert "damaged" in refused(bundle)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "reviewbot-artifact/2"},
        {"plan": {"paht": True}},
        {"plan": ["path"]},
        {"plan": {"context": 16, "overlap": 12}},
        {"model": {"name": "tiny", "sha256": 7, "layer": 2, "width": 32}},
        {"model": {"name": "tiny", "sha256": "ab", "layer": "2", "width": 32}},
        {"model": {"name": "tiny", "sha256": "ab", "layer": 2, "width": 33}},
        {"model": ["tiny"]},
        {"model": {"name": "tiny", "sha256": "ab", "layer": 2, "width": 32, "deep": "3"}},
        {"model": {"name": "tiny", "sha256": "ab", "layer": 2, "width": 32, "full": 1}},
        {"predictor": {"groups": ["surface"], "bias": 0, "slope": 1, "offset": 0}},
        {"predictor": {"groups": {"surface": float("inf")}, "bias": 0, "slope": 1, "offset": 0}},
        {"files": []},
    ],
    ids=str,
)
def test_a_manifest_that_says_what_cannot_be_is_refused(
    bundle: Path, changes: dict[str, Any]
) -> None:
    tiny.edit_json(bundle / "manifest.json", **changes)

    assert "damaged" in refused(bundle)


@pytest.mark.parametrize(
    ("groups", "deep", "full", "lacking"),
    [
        (("surface", "sae_max"), None, False, None),
        (("surface", "surprisal"), 3, False, "surprisal"),
        (("deep_mean",), None, True, "deep_mean"),
        (("deep_mean", "block_end"), 3, False, None),
        (("block_end", "block"), 3, False, "block"),
        (("deep_mean", "block_end", "block", "surprisal"), 3, True, None),
    ],
)
def test_what_a_predictor_reads_must_be_read(
    groups: tuple[str, ...], deep: int | None, full: bool, lacking: str | None, tmp_path: Path
) -> None:
    assert unread(groups, deep=deep, full=full) == lacking
    model = ArtifactModel("tiny", tiny.MODEL_SHA, tiny.LAYER, tiny.WIDTH, deep=deep, full=full)
    where = tiny.tiny_artifact(tmp_path / "a", groups=groups, model=model)
    assert lacking in refused(where) if lacking else load_artifact(where).model == model


@pytest.mark.parametrize(
    "raw", [None, b"", b"[]", b"7", b"{", b"\xff\xfe\0", b"[" * 100_000, b"null"], ids=range(8)
)
def test_a_manifest_that_is_no_manifest_is_refused(bundle: Path, raw: bytes | None) -> None:
    path = bundle / "manifest.json"
    path.unlink() if raw is None else path.write_bytes(raw)

    assert "nothing was scored" in refused(bundle)


def test_a_changed_byte_of_the_manifest_is_refused_or_makes_it_another_artifact(
    bundle: Path,
) -> None:
    path = bundle / "manifest.json"
    whole, known = path.read_bytes(), load_artifact(bundle).info.sha256
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with suppress(ArtifactError):
            assert load_artifact(bundle).info.sha256 != known


def test_an_unknown_kind_of_autoencoder_is_refused() -> None:
    files = sae_files(tiny.coder(), {}, model="m", layer=1, context=8, training={})
    with pytest.raises(ValueError, match="jumprelu"):
        artifact.coder_from({**json.loads(files["sae/cfg.json"]), "architecture": "jumprelu"}, {})


@pytest.mark.parametrize("name", sorted(artifact.PRESETS))
def test_every_preset_loads(name: str) -> None:
    loaded = load_artifact(artifact.PRESETS[name])

    assert loaded.model.name in MODELS
    assert loaded.model.sha256 == MODELS[loaded.model.name].sha256
    assert loaded.info.name == name
