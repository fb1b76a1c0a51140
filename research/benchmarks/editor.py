"""How long an editor waits for `reviewbot lsp`.

    python -m research.benchmarks.editor [ARTIFACT ...]

Two documents of one repository: a module of which three lines in the middle are edited, and the
same module as a new file, all of whose lines are uncommitted. Every edit is another one, so that no
line was read before. Seconds from didOpen or didSave to the diagnostics; the pause of 0.7 seconds
after a key that is not followed by a save comes on top.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.authorship.repos import Repo
from tests.cli.small import environ
from tests.lsp.client import Editor

MODULE = Path(__file__).parents[2] / "reviewbot" / "diff" / "parser.py"
PLACE = "    files: dict[str, FileChange] = {}\n"
EDIT = "    for mark in range(len(text) - {0}):\n        if text[mark + {0}] > text[{0}]:\n"
EDIT += "            return Change(tuple(text[mark:]))\n"
EDITS = 7


def measure(artifact: str, folder: Path) -> str:
    """Return a row of the table: cold and warm, of an edited and of a new document."""
    repo = Repo(folder)
    repo.git("init", "-q")
    text = MODULE.read_text()
    repo.commit("base", {"module.py": text})
    repo.write({"new.py": text})
    flags = ("--artifact", artifact, "--line-cache", "0", "--server", "never", "--max-risk", "0.02")
    times: dict[str, list[float]] = {"cold": [], "module.py": [], "new.py": []}
    begun = time.perf_counter()
    editor = Editor(*flags, cwd=folder, env=environ())
    try:
        for name in ("module.py", "new.py"):
            for version in range(1, EDITS + 2):
                edited = text.replace(PLACE, PLACE + EDIT.format(version))
                uri = (folder / name).as_uri()
                if version == 1:
                    editor.open(folder / name, edited)
                else:
                    editor.change(uri, edited, version)
                    begun = time.perf_counter()
                    editor.save(uri)
                editor.diagnostics(uri, version)
                key = "cold" if version == 1 and name == "module.py" else name
                times[key].append(time.perf_counter() - begun)
                begun = time.perf_counter()
        editor.end()
    finally:
        editor.kill()
    middle = {name: f"{statistics.median(values):.2f}" for name, values in times.items()}
    return f"| `{artifact}` | {middle['cold']} | {middle['module.py']} | {middle['new.py']} |"


def main() -> None:
    """Measure the artifacts that are named."""
    print(f"cores {len(os.sched_getaffinity(0))}, load {os.getloadavg()[0]:.1f}")
    print("| artifact | from the start to the first diagnostics | three lines | a new file |")
    print("|---|---|---|---|")
    for artifact in sys.argv[1:] or ["quick", "deep"]:
        with tempfile.TemporaryDirectory() as name:
            print(measure(artifact, Path(name)), flush=True)


if __name__ == "__main__":
    main()
