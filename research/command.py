"""What the commands of research/ share: how they fail, and where plots go."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from reviewbot.app.progress import say
from reviewbot.cli.console import report_failure, write_file
from reviewbot.errors import EnvironmentFailure


class Command(click.Command):
    """A command that reports every failure as `reviewbot` does: two lines and an exit code."""

    def main(  # type: ignore[override]  # it always exits
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run and end the process: SystemExit with the exit code, whatever happened."""
        extra.pop("standalone_mode", None)
        try:
            super().main(args, prog_name, standalone_mode=False, **extra)
        except (Exception, KeyboardInterrupt) as exc:  # noqa: BLE001 - the one place that may
            sys.exit(report_failure(exc))
        sys.exit(0)


def write_plots(directory: str, made: Mapping[str, str]) -> None:
    """Write each plot under its name; the directory is made where it is not there."""
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        why = exc.strerror or str(exc)
        raise EnvironmentFailure(
            f"{directory} was not made: {why}", fix="choose another place for --plots"
        ) from exc
    for name, svg in made.items():
        write_file(Path(directory) / name, svg)
    say(f"wrote {len(made)} plots to {directory}")
