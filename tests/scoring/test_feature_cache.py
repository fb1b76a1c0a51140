"""Line features on disk: every bit as it was or not there, within a bound, and never an error."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.numpy import save

from reviewbot.arrays import Array
from reviewbot.scoring.feature_cache import FRESH, STALE, DiskCache, has_entries
from tests.cli.small import environ

MOST = 1 << 20
SOME: Mapping[str, Array] = {
    "sae_max": np.eye(3, 50, dtype=np.float32),
    "state_mean": np.arange(12, dtype=np.float32).reshape(3, 4) - 5,
}
# Any 32 bits are a number: NaNs with a payload, -0.0, subnormals. Zeros often, as features are.
ODD = [1, 1 << 31, 0x7F800000, 0x7FC00001, 0xFF800001]
BITS = st.one_of(st.just(0), st.sampled_from(ODD), st.integers(0, 2**32 - 1))
PARTS = arrays(np.uint32, array_shapes(min_dims=1, min_side=0, max_side=9), elements=BITS)
NAMES = ["a", "a/shape", "a/places", "a/whole", "/whole", "", "__metadata__", "\u00e9\n\0"]
SHARED = [HealthCheck.function_scoped_fixture]  # the directory may be the same for all examples


def same(found: Mapping[str, Array] | None, right: Mapping[str, Array]) -> bool:
    assert found is not None
    assert found.keys() == right.keys()
    return all(
        (found[name].dtype, found[name].shape, found[name].tobytes())
        == (np.dtype(np.float32), part.shape, part.tobytes())
        for name, part in right.items()
    )


def entries(cache: Path) -> list[Path]:
    return [path for path in (cache / "lines").rglob("*") if path.is_file() and path.name[0] != "."]


def aged(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.fixture
def cache(tmp_path: Path) -> DiskCache:
    return DiskCache(tmp_path, "scope", MOST)


@given(groups=st.dictionaries(st.text(max_size=9), PARTS, max_size=4), name=st.text())
@example(groups=dict.fromkeys(NAMES, np.eye(3, 50, dtype=np.uint32)), name="sparse")
@example(groups=dict.fromkeys(NAMES, np.ones((3, 4), np.uint32)), name="dense")
@settings(max_examples=150, deadline=None, suppress_health_check=SHARED)
def test_every_bit_comes_back(tmp_path: Path, groups: dict[str, Array], name: str) -> None:
    cache = DiskCache(tmp_path, "scope", MOST)
    right = {group: part.view(np.float32) for group, part in groups.items()}
    cache.put(name, right)

    assert same(cache.get(name), right)


def test_nothing_is_made_before_something_is_kept(cache: DiskCache, tmp_path: Path) -> None:
    assert not has_entries(tmp_path)
    assert cache.get("window") is None
    cache.close()
    assert list(tmp_path.iterdir()) == []
    cache.put("window", SOME)
    assert has_entries(tmp_path)
    assert (cache.hits, cache.misses) == (0, 1)


def test_another_scope_and_another_name_never_hit(tmp_path: Path) -> None:
    DiskCache(tmp_path, "a", MOST).put("b", SOME)

    assert same(DiskCache(tmp_path, "a", MOST).get("b"), SOME)
    for scope, name in (("a", "c"), ("b", "b"), ("ab", ""), ("", "ab"), ("b", "a"), ("a\0b", "")):
        assert DiskCache(tmp_path, scope, MOST).get(name) is None


def test_whatever_is_damaged_counts_as_not_there(cache: DiskCache, tmp_path: Path) -> None:
    cache.put("window", SOME)
    (path,) = entries(tmp_path)
    data = path.read_bytes()
    for at in range(0, len(data), 7):
        path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        assert cache.get("window") is None
        path.write_bytes(data[:at])
        assert cache.get("window") is None
    path.write_bytes(data)
    assert same(cache.get("window"), SOME)


def test_an_entry_with_a_right_hash_that_is_none_counts_as_not_there(
    cache: DiskCache, tmp_path: Path
) -> None:
    cache.put("window", SOME)
    (path,) = entries(tmp_path)
    shape, one = np.array([2, 2]), np.ones(1, np.float32)
    good = {"a/shape": shape, "a/places": np.array([3], np.uint32), "a/values": one}
    for tensors in (
        {"state_mean": one},  # as an earlier version wrote it
        {"a/shape": shape},
        good | {"a/places": np.array([9], np.uint32)},
        good | {"a/shape": -shape},
        b"no safetensors",
    ):
        payload = tensors if isinstance(tensors, bytes) else save(tensors)
        path.write_bytes(sha256(payload).digest() + payload)
        assert cache.get("window") is None
    path.write_bytes(sha256(save(good)).digest() + save(good))  # the layout is right
    assert same(cache.get("window"), {"a": np.array([[0, 0], [0, 1]], np.float32)})


@pytest.mark.parametrize("scope", ["scope", "other"])
def test_pruning_removes_the_least_recently_used_of_all_scopes(scope: str, tmp_path: Path) -> None:
    part = {"a": np.random.default_rng(0).normal(size=1_000).astype(np.float32)}
    cache = DiskCache(tmp_path, "scope", 10 * 4_200)
    for number in range(10):
        cache.put(str(number), part)
        aged(cache._path(str(number)), 10_000 - number)
    cache.close()
    assert len(entries(tmp_path)) == 10
    assert same(cache.get("0"), part)  # used just now
    new = DiskCache(tmp_path, scope, 10 * 4_200)
    new.put("10", part)
    new.close()

    assert sum(path.stat().st_size for path in entries(tmp_path)) <= 0.8 * 42_000 + 1
    left = [number for number in range(10) if cache.get(str(number)) is not None] + [10]
    assert same(new.get("10"), part)
    assert left == [0, *range(11 - len(left) + 1, 11)]
    assert 6 <= len(left) <= 8


def test_what_a_crash_left_goes_and_what_another_writes_stays(
    cache: DiskCache, tmp_path: Path
) -> None:
    cache.put("window", SOME)
    (path,) = entries(tmp_path)
    crashed, writing = (path.with_name(f".{path.name}.{n}.1") for n in (1, 2))
    for left in (crashed, writing):
        left.write_bytes(b"half")
    aged(crashed, STALE + 60)
    cache.close()

    assert (crashed.exists(), writing.exists(), path.exists()) == (False, True, True)


def refuse(*_: object, **__: object) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_a_cache_that_may_only_be_read_still_hits(
    cache: DiskCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.put("window", SOME)
    aged(cache._path("window"), 10 * FRESH)  # so that its time of use should be written
    for name in ("utime", "mkdir", "unlink", "replace"):
        monkeypatch.setattr(os, name, refuse)
    monkeypatch.setattr(Path, "write_bytes", refuse)

    assert same(cache.get("window"), SOME)
    cache.put("other", SOME)
    cache.close()
    assert cache.get("other") is None


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_a_full_disk_costs_nothing_but_the_entry(
    code: int, cache: DiskCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(self: Path, _data: bytes) -> int:
        with self.open("wb") as file:
            file.write(b"half")
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", half)
        cache.put("window", SOME)
    cache.close()

    assert not [path for path in (tmp_path / "lines").rglob("*") if path.is_file()]
    cache.put("window", SOME)
    assert same(cache.get("window"), SOME)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_a_directory_or_a_pipe_instead_of_an_entry_is_a_miss(
    make: Callable[[Path], None], cache: DiskCache, tmp_path: Path
) -> None:
    cache.put("window", SOME)
    (path,) = entries(tmp_path)
    path.unlink()
    make(path)

    assert cache.get("window") is None
    if path.is_dir():
        cache.put("window", SOME)
        assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("max_bytes", "stored", "part"),
    [
        (1_000, 0, np.ones(1_000, np.float32)),  # larger than the bound
        (2_000, 1, np.eye(64, 4096, dtype=np.float32)),  # zeros take no space
    ],
)
def test_an_entry_is_stored_if_it_fits_into_the_bound(
    max_bytes: int, stored: int, part: Array, tmp_path: Path
) -> None:
    DiskCache(tmp_path, "scope", max_bytes).put("window", {"sae_max": part})

    assert len(entries(tmp_path)) == stored


WORK = """
import sys
from pathlib import Path
import numpy as np
from reviewbot.scoring.feature_cache import DiskCache
rng = np.random.default_rng(0)
parts = [{"a": rng.normal(size=500).astype(np.float32)} for _ in range(40)]
for _ in range(15):
    cache = DiskCache(Path(sys.argv[1]), "scope", 30_000)
    for number, part in enumerate(parts):
        cache.put(str(number), part)
        found = cache.get(str(number))
        assert found is None or found["a"].tobytes() == part["a"].tobytes()
    cache.close()
print(cache.hits)
"""


def test_processes_that_write_and_prune_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", WORK, str(tmp_path)]
    pipe = subprocess.PIPE
    three = [
        subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environ()) for _ in "abc"
    ]
    said = [process.communicate(timeout=120) for process in three]

    assert [(process.returncode, err) for process, (_, err) in zip(three, said, strict=True)] == [
        (0, "")
    ] * 3
    assert all(int(out) > 20 for out, _ in said)
    last = DiskCache(tmp_path, "scope", 30_000)
    last.put("last", {"a": np.ones(9, np.float32)})
    last.close()
    assert sum(path.stat().st_size for path in entries(tmp_path)) <= 30_000
    assert not list((tmp_path / "lines").glob("v*/??/.*"))
