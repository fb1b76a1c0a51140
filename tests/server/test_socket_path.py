"""Where servers listen: for one user, one server per socket, and stale sockets are replaced."""

import socket
from pathlib import Path

import pytest

from reviewbot.errors import EnvironmentFailure
from reviewbot.server.server import Server
from reviewbot.server.socket_path import lock, make_directory, socket_directory
from tests.server.running import Caller, StrictEncoder, path_for, serve


def test_a_stale_socket_is_not_used_and_the_next_server_replaces_it(directory: Path) -> None:
    path = path_for(directory)
    make_directory(path)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        path.chmod(0o600)

    assert "no server answers" in Caller(directory).refusal()
    with serve(directory, StrictEncoder()):
        assert Caller(directory).remote().tokenize("c").ids == [99]


def test_only_one_server_can_hold_the_lock_of_a_socket(directory: Path) -> None:
    path = path_for(directory)
    make_directory(path)

    with lock(path) as first, lock(path) as second:
        assert (first, second) == (True, False)
    with lock(path) as third:
        assert third


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o750, 0o701])
def test_a_directory_that_others_can_enter_is_used_by_neither_side(
    directory: Path, mode: int
) -> None:
    with serve(directory, StrictEncoder()):
        directory.chmod(mode)
        assert "open to others" in Caller(directory).refusal()
    with pytest.raises(EnvironmentFailure, match="open to others"):
        make_directory(path_for(directory))


def test_a_socket_that_others_can_write_to_is_not_used(directory: Path) -> None:
    with serve(directory, StrictEncoder()):
        assert path_for(directory).stat().st_mode & 0o777 == 0o600
        path_for(directory).chmod(0o666)
        assert "open to others" in Caller(directory).refusal()


def test_a_directory_of_another_user_or_a_link_is_not_used(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(directory, StrictEncoder()):
        link = directory.with_name("link")
        link.symlink_to(directory)
        assert "is not a" in Caller(link).refusal()
        monkeypatch.setattr("os.getuid", lambda: 4_242)
        assert "another user" in Caller(directory).refusal()
    with pytest.raises(EnvironmentFailure, match="another user"):
        make_directory(path_for(directory))


def test_the_runtime_directory_counts_only_if_it_is_private(
    directory: Path, tmp_path: Path
) -> None:
    directory.mkdir(mode=0o700)
    for environ in ({}, {"XDG_RUNTIME_DIR": "relative"}, {"XDG_RUNTIME_DIR": str(tmp_path / "no")}):
        assert socket_directory(environ, tmp_path) == tmp_path / "run"
    own = {"XDG_RUNTIME_DIR": str(directory)}
    assert socket_directory(own, tmp_path) == directory / "reviewbot"
    directory.chmod(0o755)
    assert socket_directory(own, tmp_path) == tmp_path / "run"


def test_a_path_too_long_for_a_socket_is_two_lines(tmp_path: Path) -> None:
    path = path_for(tmp_path / ("x" * 120))
    make_directory(path)

    with pytest.raises(EnvironmentFailure, match=r"path too long\n  fix: set XDG_RUNTIME_DIR"):
        Server(StrictEncoder(), {}, path, 1)
