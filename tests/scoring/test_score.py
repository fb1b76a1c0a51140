"""What was read before is not read again, in any order, and the report does not show it."""

import threading
from collections.abc import KeysView, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reviewbot.arrays import Array
from reviewbot.encoders.encoder import Encoder, Tokens, batches
from reviewbot.encoders.lazy_encoder import LazyEncoder
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.encoders.states import HiddenStates
from reviewbot.encoders.torch_encoder import TransformersEncoder
from reviewbot.errors import EnvironmentFailure
from reviewbot.report.json_v1 import json_v1
from reviewbot.report.model import Report
from reviewbot.scoring.artifact import ArtifactModel, load_artifact
from reviewbot.scoring.feature_cache import DiskCache
from tests import tiny
from tests.changes import CODE, Check, Files, made, never

LONG = b"".join(b"value_%d = other(%d, thing)\n" % (n, n) for n in range(60))
FILES: dict[str, bytes] = {
    "a.py": CODE,
    "b.py": LONG,
    "c.py": b"x = f(1)\ny = g(x)\n",
    "d.py": b"z = 2\n",
}
GROUPS = ("sae_max", "sae_mean", "state_mean", "deep_mean", "surprisal", "block_end", "surface")


@dataclass
class Counting:
    """The tiny model; remembers the windows that it was given."""

    inner: TransformersEncoder
    engine: str = "counting"
    width: int = tiny.WIDTH
    dtype: str = "fp32"
    seen: list[Sequence[int]] = field(default_factory=list)

    def tokenize(self, text: str) -> Tokens:
        return self.inner.tokenize(text)

    def token(self, number: int) -> str:
        return self.inner.token(number)

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        self.seen.append(ids)
        return self.inner.states(ids, first)


@dataclass
class Batching(Counting):
    """The same, several windows at once."""

    batch_tokens: int = 250
    calls: list[list[int]] = field(default_factory=list)  # the lengths of each call's windows

    def batch(
        self, windows: Sequence[Sequence[int]], firsts: Sequence[int] | None = None
    ) -> list[HiddenStates]:
        self.calls.append([len(ids) for ids in windows])
        places = zip(windows, firsts or [0] * len(windows), strict=True)
        return [self.states(ids, first) for ids, first in places]


class Remembering:
    """Keeps line features in a dict, and remembers the names it was told."""

    def __init__(self) -> None:
        self.kept: dict[str, Mapping[str, Array]] = {}

    def get(self, name: str) -> Mapping[str, Array] | None:
        return self.kept.get(name)

    def put(self, name: str, groups: Mapping[str, Array]) -> None:
        self.kept[name] = groups


@pytest.fixture(scope="module")
def real(tiny_model: Path) -> TransformersEncoder:
    return tiny.encoder(tiny_model, deep=3, full=True)


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory, real: TransformersEncoder) -> Check:
    """Every kind of feature, and windows so short that a file has several."""
    model = ArtifactModel("tiny", tiny.MODEL_SHA, tiny.LAYER, tiny.WIDTH, deep=3, full=True)
    where = tmp_path_factory.mktemp("scoring") / "artifact"
    plan = ReadingPlan(context=160, overlap=32)
    tiny.tiny_artifact(where, groups=GROUPS, model=model, plan=plan)
    return Check(real, load_artifact(where))


def cache(where: Path) -> DiskCache:
    return DiskCache(where / "cache", "scope", 1 << 24)


def report_of(check: Check, where: Path, encoder: Encoder, files: Files = FILES) -> Report:
    """Check a change with the lines that the directory keeps."""
    kept = cache(where)
    where.joinpath("repo").mkdir(exist_ok=True)
    found = check(made(where / "repo", {}, files), encoder=lambda: encoder, cache=kept)
    kept.close()
    return found


def test_a_second_run_reads_nothing_loads_nothing_and_gives_the_same_bytes(
    tmp_path: Path, tiny_model: Path, check: Check, real: TransformersEncoder
) -> None:
    first = Counting(real)
    before = json_v1(report_of(check, tmp_path, first))
    lazy = LazyEncoder(tiny_model, lambda _: never(), dtype="fp32", engine="counting", ahead=False)
    after = json_v1(report_of(check, tmp_path, lazy))
    plain = json_v1(check(made(tmp_path / "repo", {}, FILES)))

    assert len(first.seen) > 6
    assert after == before == plain
    assert '"surprisal"' in before


def test_lines_that_only_look_at_the_text_are_kept_too(
    tmp_path: Path, tiny_model: Path, check: Check
) -> None:
    where = tiny.tiny_artifact(tmp_path / "artifact", groups=("surface",))
    shallow = tiny.encoder(tiny_model)
    surface = Check(shallow, load_artifact(where))
    first, second = Counting(shallow), Counting(shallow)

    assert report_of(surface, tmp_path, first) == report_of(surface, tmp_path, second)
    assert (len(first.seen) > 0, second.seen) == (True, [])


def test_a_changed_line_is_read_again_and_no_other_window_or_file(
    tmp_path: Path, check: Check, real: TransformersEncoder
) -> None:
    first, second, third = Counting(real), Counting(real), Counting(real)
    report_of(check, tmp_path, first)
    windows_of_b = len(first.seen) - 3
    last = FILES | {"b.py": LONG.replace(b"value_59", b"value_58")}
    report = report_of(check, tmp_path, second, last)
    report_of(
        check, tmp_path, third, FILES | {"c.py": b"x = f(2)\ny = g(x)\n", "new.py": b"q = 1\n"}
    )

    assert windows_of_b > 3
    assert len(second.seen) == 1
    assert len(third.seen) == 2
    assert report == check(made(tmp_path / "repo", {}, last))


def test_another_engine_or_path_or_block_is_another_reading(
    tmp_path: Path, check: Check, real: TransformersEncoder
) -> None:
    files = {"a.py": b"x = f(1)\ny = g(x)\nz = h(y)\n"}
    report_of(check, tmp_path, Counting(real), files)
    other = Counting(real, engine="other")
    report_of(check, tmp_path, other, files)
    moved = Counting(real)
    report_of(check, tmp_path, moved, {"b.py": files["a.py"]})
    (tmp_path / "two").mkdir()
    blocks = Counting(real)  # the same lines, but the one between was there before
    check(
        made(tmp_path / "two", {"a.py": b"y = g(x)\n"}, files),
        encoder=lambda: blocks,
        cache=cache(tmp_path),
    )

    assert [len(each.seen) for each in (other, moved, blocks)] == [1, 1, 1]


def test_a_batch_gets_about_as_many_tokens_as_it_takes_longest_window_first(
    tmp_path: Path, check: Check, real: TransformersEncoder
) -> None:
    batching, single = Batching(real), Counting(real)
    case = made(tmp_path, {}, FILES)
    together, alone = (check(case, encoder=lambda e=e: e) for e in (batching, single))

    assert batches(batching)
    assert not batches(single)
    assert json_v1(together) == json_v1(alone)
    assert sorted(map(tuple, batching.seen)) == sorted(map(tuple, single.seen))
    assert len(batching.calls) > 1
    for call in batching.calls:
        assert call == sorted(call, reverse=True)
        assert len(call) > 1
        assert sum(call) - 160 < batching.batch_tokens  # without its last window not yet enough


def fallback(tiny_model: Path, other: Encoder) -> LazyEncoder:
    """The int8 engine is expected, and another is loaded."""
    return LazyEncoder(tiny_model, lambda _: other, dtype="int8", engine="onnx", ahead=False)


def test_what_a_fallback_reads_is_cached_under_its_own_name_only(
    tmp_path: Path, tiny_model: Path, check: Check, real: TransformersEncoder
) -> None:
    case = made(tmp_path, {}, FILES)

    def names(encoder: Encoder, kept: Remembering) -> KeysView[str]:
        assert check(case, encoder=lambda: encoder, cache=kept).model.dtype == "fp32"
        return kept.kept.keys()

    fallen = Remembering()
    first, second = Counting(real, engine="torch"), Counting(real, engine="torch")
    found = names(fallback(tiny_model, first), fallen)

    assert len(first.seen) > 6
    assert found == names(Counting(real, engine="torch"), Remembering())
    assert found.isdisjoint(names(Counting(real, engine="onnx"), Remembering()))
    names(fallback(tiny_model, second), fallen)
    assert second.seen == []  # it was loaded only to find out which engine it is


def test_passes_on_several_threads_give_the_same_bytes_and_stop_at_a_failure(
    tmp_path: Path, check: Check, real: TransformersEncoder
) -> None:
    class Threaded(Counting):
        at_once = 2

        def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
            together.add(threading.get_ident())
            if broken and len(self.seen) >= 3:
                raise EnvironmentFailure("the power went out", fix="wait")
            with lock:  # torch's hooks keep a state, ONNX Runtime does not
                return super().states(ids, first)

    lock = threading.Lock()
    together: set[int] = set()
    broken = False
    case = made(tmp_path, {}, FILES)
    threaded, single = Threaded(real), Counting(real)

    assert json_v1(check(case, encoder=lambda: threaded)) == json_v1(
        check(case, encoder=lambda: single)
    )
    assert sorted(map(tuple, threaded.seen)) == sorted(map(tuple, single.seen))
    assert len(together) == 2
    assert threading.get_ident() not in together

    broken, failing = True, Threaded(real)
    with pytest.raises(EnvironmentFailure, match="power"):
        check(case, encoder=lambda: failing)
    assert len(failing.seen) < len(single.seen) / 2


def test_a_report_never_mixes_two_engines(
    tmp_path: Path, tiny_model: Path, check: Check, real: TransformersEncoder
) -> None:
    class Other(Counting):
        def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
            return super().states([5, *ids[1:]], first)  # not what the other engine sees

    for name in "ab":
        (tmp_path / name).mkdir()
    some, case = made(tmp_path / "a", {}, {"a.py": CODE}), made(tmp_path / "b", {}, FILES)
    kept = Remembering()
    check(some, encoder=lambda: Counting(real, engine="onnx"), cache=kept)
    other = Other(real, engine="torch")
    mixed = check(case, encoder=lambda: fallback(tiny_model, other), cache=kept)

    assert mixed == check(case, encoder=lambda: other)


@pytest.mark.parametrize("change", ["rows", "columns", "group", "numbers", "kind"])
def test_entries_that_do_not_fit_are_read_again(
    tmp_path: Path, check: Check, real: TransformersEncoder, change: str
) -> None:
    case, kept = made(tmp_path, {}, FILES), Remembering()
    before = check(case, encoder=lambda: Counting(real), cache=kept)
    for name, groups in kept.kept.items():
        first, part = next(iter(groups.items()))
        others = {key: value for key, value in groups.items() if key != first}
        odd: dict[str, Any] = {
            "rows": part[:-1],
            "columns": part[:, :-1],
            "numbers": part * np.float32("nan"),
            "kind": part.astype(np.int64),
        }
        kept.kept[name] = others if change == "group" else {**others, first: odd[change]}
    again = Counting(real)

    assert check(case, encoder=lambda: again, cache=kept) == before
    assert len(again.seen) > 6
