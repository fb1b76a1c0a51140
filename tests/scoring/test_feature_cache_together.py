"""Several processes that keep lines in one place."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from reviewbot.scoring.feature_cache import DiskCache
from tests.cli.small import environ

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
    assert sum(path.stat().st_size for path in tmp_path.glob("lines/v*/??/*")) <= 30_000
    assert not list((tmp_path / "lines").glob("v*/??/.*"))
