"""Run pytest capped, with the arguments given."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.avx2.cap import capped, why_not


def main() -> int:
    """Return pytest's exit code, 0 where nothing can be capped."""
    if why := why_not():
        print(f"SKIPPED: {why}")  # noqa: T201
        return 0
    with tempfile.TemporaryDirectory() as name:
        environ = os.environ | capped(Path(name))
        command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
        return subprocess.run(command, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
