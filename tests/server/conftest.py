"""A directory for sockets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.running import short_directory


@pytest.fixture
def directory() -> Iterator[Path]:
    with short_directory() as path:
        yield path
