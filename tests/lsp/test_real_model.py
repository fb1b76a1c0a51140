"""The model that is in the package, on a real repository, as an editor sees it."""

import os
from pathlib import Path

import pytest

from reviewbot.core.models import SMOL_CUT
from reviewbot.store.cache import cache_dir, converted_path
from reviewbot.store.checkpoint import checkpoint_key
from tests.authorship.repos import Repo
from tests.lsp.client import Editor
from tests.lsp.conftest import Start
from tests.lsp.test_server import rows

MODULE = Path(__file__).parents[2] / "examples/demo/billing/schedule.py"
WRONG = "        if items[i] / 0 > items[i - 1]: return eval(items[i:])\n"
CACHED = converted_path(
    cache_dir(None, os.environ), checkpoint_key(SMOL_CUT.sha256, SMOL_CUT.layer, head=False)
)
pytestmark = [
    pytest.mark.real_model,
    pytest.mark.skipif(
        not CACHED.exists(), reason="the packaged model is not converted in the cache"
    ),
]


@pytest.fixture
def editor(start: Start) -> Editor:
    told = {
        "REVIEWBOT_ARTIFACT": "tiny",
        "REVIEWBOT_CACHE": str(cache_dir(None, os.environ)),
        "REVIEWBOT_LINE_CACHE": "0",
    }
    return start("--max-risk", "0.02", code="from reviewbot.cli import main\n", env=told)


def test_a_risky_line_comes_moves_and_goes(editor: Editor, repo: Repo) -> None:
    text = MODULE.read_text()
    repo.commit("module", {"m.py": text})
    uri = editor.open(repo.root / "m.py", text)
    assert editor.diagnostics(uri) == []

    lines = text.splitlines(keepends=True)
    editor.change(uri, "".join([*lines[:20], WRONG, *lines[20:]]), 2)
    (found,) = editor.diagnostics(uri, 2)
    assert rows([found]) == [(20, 20, 2)]
    assert "\nbecause: " in found["message"]

    editor.change(uri, "\n" + "".join([*lines[:20], WRONG, *lines[20:]]), 3)
    assert rows(editor.diagnostics(uri, 3)) == [(21, 21, 2)]
    editor.change(uri, text, 4)
    assert editor.diagnostics(uri, 4) == []
    assert editor.end() == 0
