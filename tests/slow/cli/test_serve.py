"""The packaged model, as processes of their own: the same bytes, with and without a server."""

import os
import socket

import pytest

from reviewbot.core.models import MODELS, SMOL_CUT
from reviewbot.store.cache import cache_dir, converted_path
from reviewbot.store.checkpoint import checkpoint_key
from tests.cli.test_serve import ROOT, Place, place

__all__ = ["place"]  # the fixture
pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")
CACHED = converted_path(
    cache_dir(None, os.environ), checkpoint_key(SMOL_CUT.sha256, SMOL_CUT.layer, head=False)
)


@pytest.mark.real_model
@pytest.mark.skipif(not CACHED.exists(), reason="the packaged model is not converted in the cache")
def test_the_packaged_model_gives_the_same_bytes_through_a_server(place: Place) -> None:
    assert MODELS[SMOL_CUT.name].packaged
    real = Place(
        ROOT,
        ("--artifact=tiny",),
        place.variables | {"REVIEWBOT_CACHE": str(cache_dir(None, os.environ))},
        ("--diff=examples/demo.diff", "--root=examples/demo"),
    )
    direct, _ = real.check()
    with real.served():
        served, said = real.check()

    assert "connecting to the server" in said
    assert served == direct
