"""Where servers listen: for one user alone, one server for each socket, stale ones replaced."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewbot.errors import EnvironmentFailure
from reviewbot.server.listener import alone, prepare
from reviewbot.server.socket_path import is_stranger, run_dir
from tests.server.served import Client, Watched, dial, path_for, serve, short_directory


@pytest.fixture
def directory() -> Iterator[Path]:
    with short_directory() as made:
        yield made


def test_a_stale_socket_is_not_used_and_the_next_server_replaces_it(directory: Path) -> None:
    where = path_for(directory)
    prepare(where)
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    dead.bind(str(where))
    where.chmod(0o600)
    dead.close()

    assert "no server answers" in Client(directory).refused()
    with serve(directory, Watched()):
        assert Client(directory).remote().tokenize("c").ids == [99]
    assert not where.exists()


def test_only_one_process_can_hold_the_lock_of_a_socket(directory: Path) -> None:
    where = path_for(directory)
    prepare(where)

    with alone(where) as first, alone(where) as second:
        assert (first, second) == (True, False)
    with alone(where) as third:
        assert third


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o750, 0o701])
def test_a_directory_that_others_can_enter_is_used_by_neither_side(
    directory: Path, mode: int
) -> None:
    with serve(directory, Watched()):
        directory.chmod(mode)
        assert "open to others" in Client(directory).refused()
    with pytest.raises(EnvironmentFailure, match="open to others"):
        prepare(path_for(directory))


def test_a_socket_that_others_can_write_to_is_not_used(directory: Path) -> None:
    with serve(directory, Watched()):
        assert path_for(directory).stat().st_mode & 0o777 == 0o600
        path_for(directory).chmod(0o666)
        assert "open to others" in Client(directory).refused()


def test_a_directory_of_another_user_or_a_link_is_not_used(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(directory, Watched()):
        link = directory.with_name("link")
        link.symlink_to(directory)
        assert "something else" in Client(link).refused()
        monkeypatch.setattr("os.getuid", lambda: 4_242)
        assert "another user" in Client(directory).refused()
    with pytest.raises(EnvironmentFailure, match="another user"):
        prepare(path_for(directory))


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system names no peers")
def test_a_peer_of_another_user_is_a_stranger_and_the_server_hangs_up_on_it(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = socket.socketpair(socket.AF_UNIX)
    assert not is_stranger(left)
    with serve(directory, Watched()):
        monkeypatch.setattr("os.getuid", lambda: 4_242)
        assert is_stranger(right)
        assert dial(directory).recv(1) == b""
    left.close()
    right.close()


def test_the_runtime_directory_counts_only_where_it_is_ours_alone(
    directory: Path, tmp_path: Path
) -> None:
    directory.mkdir(mode=0o700)
    for environ in ({}, {"XDG_RUNTIME_DIR": "relative"}, {"XDG_RUNTIME_DIR": str(tmp_path / "no")}):
        assert run_dir(environ, tmp_path) == tmp_path / "run"
    own = {"XDG_RUNTIME_DIR": str(directory)}
    assert run_dir(own, tmp_path) == directory / "reviewbot"
    directory.chmod(0o755)
    assert run_dir(own, tmp_path) == tmp_path / "run"


def test_a_name_too_long_for_a_socket_is_said_in_two_lines(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="a socket's name at most"):
        prepare(path_for(tmp_path / ("x" * 120)))
