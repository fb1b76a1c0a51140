"""Compare the label files that the shipped artifacts name with those in a directory.

    python -m research.check_data DIRECTORY

DIRECTORY holds `labels/` and `changes/`; what `research.choose_changes` and `choose_pairs` make of
them is made again. Exit code 1 where a file is missing or has another hash.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

from research.choose_changes import SURVIVED, write
from research.choose_pairs import write_pairs

SHIPPED = Path("reviewbot/_artifacts")


def main(directory: Path) -> int:
    """Print a line per file; return the exit code."""
    with tempfile.TemporaryDirectory() as made:
        return _compare(directory, Path(made))


def _compare(directory: Path, made: Path) -> int:
    wrong = 0
    for manifest in sorted(SHIPPED.glob("*/manifest.json")):
        for entry in json.loads(manifest.read_text(encoding="utf-8"))["data"]:
            path = directory / "labels" / entry["name"]
            for preset, survived in SURVIVED.items():
                if entry["name"] == f"changes-{preset}.jsonl.gz":
                    path = made / entry["name"]
                    write(directory / "changes", path, survived)
            if entry["name"] == "pairs-deep.jsonl.gz":
                path = made / entry["name"]
                write_pairs(directory / "labels", path)
            found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "missing"
            same = found == entry["sha256"]
            wrong += not same
            word = "same" if same else "DIFFERS"
            sys.stdout.write(f"{word}  {manifest.parent.name}: {entry['name']}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
