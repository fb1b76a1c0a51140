"""What the commands of research/ share: how they fail."""

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from reviewbot.cli.console import report_failure


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
