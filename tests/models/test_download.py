"""Sources in their order, on real files and real servers; the bytes decide, whoever gives them."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reviewbot.errors import EnvironmentFailure, ModelUnavailable
from reviewbot.models.cache import locked, official_path
from reviewbot.models.download import pull
from tests.models.tiny import Site, serve, spec_of

DATA = bytes(range(256)) * 4000  # 1 MB
SPEC = spec_of(DATA)
HUB_PATH = f"/{SPEC.repo}/resolve/{SPEC.revision}/{SPEC.filename}"
OFFLINE = {"HF_HUB_OFFLINE": "1"}


@pytest.fixture
def site() -> Iterator[Site]:
    with serve(Site({HUB_PATH: DATA})) as running:
        yield running


def hub(site: Site) -> dict[str, str]:
    return {"HF_ENDPOINT": site.url}


def files_below(cache: Path) -> list[str]:
    """Files that the store left, locks aside."""
    return sorted(
        path.name for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"
    )


def test_a_file_in_the_cache_is_used_without_asking_anyone(tmp_path: Path) -> None:
    final = official_path(tmp_path, SPEC)
    final.parent.mkdir(parents=True)
    final.write_bytes(DATA)
    said: list[str] = []
    assert pull(SPEC, tmp_path, {}, say=said.append) == final
    assert said == []


@pytest.mark.parametrize("how", ["file", "directory", "environment"])
def test_a_named_path_is_asked_before_the_hub(tmp_path: Path, site: Site, how: str) -> None:
    near = tmp_path / "near"
    near.mkdir()
    (near / SPEC.filename).write_bytes(DATA)
    path = near / SPEC.filename if how == "file" else near
    if how == "environment":
        environ = {**hub(site), "REVIEWBOT_MODEL_PATH": str(path)}
        final = pull(SPEC, tmp_path / "c", environ)
    else:
        final = pull(SPEC, tmp_path / "c", hub(site), path=path)
    assert final.read_bytes() == DATA
    assert site.asked == []
    assert files_below(tmp_path / "c") == [SPEC.filename]
    assert len(list(near.iterdir())) == 1  # it stays the user's


def test_the_hub_is_asked_for_the_pinned_revision(tmp_path: Path, site: Site) -> None:
    seen: list[tuple[str, int, int]] = []
    final = pull(SPEC, tmp_path, hub(site), progress=lambda *args: seen.append(args))
    assert final.read_bytes() == DATA
    assert site.asked == [(HUB_PATH, "")]
    assert seen[-1][1:] == (len(DATA), len(DATA))
    assert files_below(tmp_path) == [SPEC.filename]


def test_a_connection_that_breaks_is_continued_where_it_stopped(tmp_path: Path, site: Site) -> None:
    site.stop_after = 400_000
    assert pull(SPEC, tmp_path, hub(site)).read_bytes() == DATA
    # whole pieces of 64 KiB are kept
    assert [wanted for _, wanted in site.asked] == ["", "bytes=393216-", "bytes=786432-"]


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_pull_is_continued_by_the_next_or_starts_again_without_ranges(
    tmp_path: Path, site: Site, ranges: bool
) -> None:
    site.ranges = ranges
    partial = tmp_path / "models" / ".partial" / SPEC.sha256 / "hub.part"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(DATA[:1000])
    assert pull(SPEC, tmp_path, hub(site)).read_bytes() == DATA
    assert site.asked == [(HUB_PATH, "bytes=1000-")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"x" * len(DATA), "SHA-256"),
        (DATA[:-1], f"stopped after {len(DATA) - 1} of {len(DATA)} bytes"),
        (DATA + b"x", "sent more than"),
        (None, "HTTP status 404"),
    ],
)
def test_what_is_not_the_official_file_never_gets_its_name(
    tmp_path: Path, site: Site, body: bytes | None, reason: str
) -> None:
    site.files = {} if body is None else {HUB_PATH: body}
    said: list[str] = []
    with pytest.raises(ModelUnavailable) as failure:
        pull(SPEC, tmp_path, hub(site), say=said.append)
    assert reason in failure.value.what
    assert any(reason in line for line in said)
    assert len(str(failure.value).splitlines()) == 2
    assert SPEC.filename not in files_below(tmp_path)


def test_a_hub_that_hangs_costs_a_few_seconds(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviewbot.models.http.ANSWER_SECONDS", 0.5)
    site.hang = 20
    start = time.monotonic()
    with pytest.raises(ModelUnavailable, match=r"hub: no answer within 0\.5 s"):
        pull(SPEC, tmp_path, hub(site))
    assert time.monotonic() - start < 5


def test_no_source_at_all_names_the_ways_to_get_the_file(tmp_path: Path, site: Site) -> None:
    with pytest.raises(ModelUnavailable) as failure:
        pull(SPEC, tmp_path / "c", {**hub(site), **OFFLINE}, path=tmp_path)
    assert f"{tmp_path}: it holds no tiny.gguf; hub: skipped, HF_HUB" in failure.value.what
    assert site.asked == []
    assert failure.value.exit_code == 4
    assert len(str(failure.value).splitlines()) == 2
    for way in ("the hub", "HF_ENDPOINT", "REVIEWBOT_MODEL_PATH", "--from", "tiny.gguf"):
        assert way in failure.value.fix
    with pytest.raises(ModelUnavailable, match="on no hub") as failure:
        pull(replace(SPEC, repo=None, revision=None), tmp_path, {})
    assert failure.value.fix.startswith("set REVIEWBOT_MODEL_PATH")


def test_after_a_path_with_other_bytes_the_hub_is_asked(tmp_path: Path, site: Site) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(b"x" * len(DATA))
    said: list[str] = []
    assert pull(SPEC, tmp_path / "c", hub(site), path=wrong, say=said.append).read_bytes() == DATA
    assert any("SHA-256" in line for line in said)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from reviewbot.errors import EnvironmentFailure
from reviewbot.models.download import pull
from tests.models.test_download import SPEC
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
try:
    pull(SPEC, Path(sys.argv[1]), {}, path=Path(sys.argv[2]))
except EnvironmentFailure as exc:
    print(exc)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_takes_no_more_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "near").write_bytes(DATA)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "c"), str(tmp_path / "near")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert "fix: free some disk space" in done.stdout, done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert files_below(tmp_path / "c") == []


def test_a_disk_that_cannot_hold_it_is_an_environment_failure_before_anything_is_fetched(
    tmp_path: Path, site: Site
) -> None:
    (tmp_path / "c").write_text("not a directory")
    for cache, size, why in (
        (tmp_path, 1 << 60, "MiB free"),
        (tmp_path / "c", SPEC.size, "c/locks"),
    ):
        with pytest.raises(EnvironmentFailure, match=why) as failure:
            pull(replace(SPEC, size=size), cache, hub(site))
        assert len(str(failure.value).splitlines()) == 2
    assert site.asked == []


def test_the_second_process_waits_and_then_finds_the_file(tmp_path: Path, site: Site) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom reviewbot.models.download import pull\n"
        "from tests.models.test_download import SPEC\n"
        "pull(SPEC, Path(sys.argv[1]), {'HF_ENDPOINT': sys.argv[2]}, say=print)\n"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-u", "-c", script, str(tmp_path), site.url]
    with locked(tmp_path, SPEC.sha256, "tiny", lambda _: None):
        two = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) for _ in range(2)
        ]
        for process in two:  # both have started and wait before the lock is given up
            assert process.stdout is not None
            assert "waiting for another reviewbot" in process.stdout.readline()
    said = [process.communicate(timeout=60)[0] for process in two]
    assert [process.returncode for process in two] == [0, 0]
    assert sorted("asking hub" in text for text in said) == [False, True]
    assert [path for path, _ in site.asked] == [HUB_PATH]
    assert official_path(tmp_path, SPEC).read_bytes() == DATA
