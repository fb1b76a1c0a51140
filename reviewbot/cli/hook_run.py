"""Runs one of our git hooks: each report goes to stderr, the exit code to git."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.check import check_change
from reviewbot.app.inputs import settings_root, source_of
from reviewbot.app.push import check_named_by_framework, check_updates, read_updates
from reviewbot.cli.console import look, rendered, report_failure
from reviewbot.config.choices import Format

if TYPE_CHECKING:
    from reviewbot.git.changes import ChangeRequest


def run_git_hook(kind: str, remote: str | None, flags: Mapping[str, Any]) -> int:
    """Check what git says it will push or commit, and return the most severe exit code.

    remote  None: pre-commit (the framework) runs the hook
    raises  every kind of ReviewbotError
    """
    from reviewbot.git.changes import collect

    def check(request: "ChangeRequest") -> int:
        return check_on_stderr(request, flags)

    if kind == "pre-commit":
        return check(collect(Path(), staged=True))
    if remote is None:
        return check_named_by_framework(os.environ, check, report_failure)
    return check_updates(read_updates(), remote, check, report_failure)


def check_on_stderr(request: "ChangeRequest", flags: Mapping[str, Any]) -> int:
    """Check one change, show the report on stderr, and return the verdict's exit code."""
    root = settings_root(request.root, has_git=True)
    source = source_of(request, root, os.environ, flags)
    report = check_change(source)
    seen = look(os.environ, to_terminal=sys.stderr is not None and sys.stderr.isatty())
    settings = replace(source.settings, format=Format.TERMINAL)
    click.echo(rendered(report, settings, seen), err=True, nl=False)
    return report.verdict.exit_code
