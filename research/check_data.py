"""Compare the label files that the shipped artifacts name with those in a directory.

    python -m research.check_data DIRECTORY

Exit code 1 where a file is missing or has another hash.
"""

import hashlib
import json
import sys
from pathlib import Path

SHIPPED = Path("reviewbot/_artifacts")


def main(directory: Path) -> int:
    """Print a line per file; return the exit code."""
    wrong = 0
    for manifest in sorted(SHIPPED.glob("*/manifest.json")):
        for entry in json.loads(manifest.read_text(encoding="utf-8"))["data"]:
            path = directory / entry["name"]
            found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "missing"
            same = found == entry["sha256"]
            wrong += not same
            word = "same" if same else "DIFFERS"
            sys.stdout.write(f"{word}  {manifest.parent.name}: {entry['name']}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
