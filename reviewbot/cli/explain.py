"""`reviewbot explain`: why a line has its risk, or what is known of features. It never gates."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from reviewbot.app.explain import explain_change, explain_report
from reviewbot.app.failures import asked_by
from reviewbot.app.inputs import folder_of
from reviewbot.cli.console import deliver
from reviewbot.cli.options import PATH, GroupedCommand, change_arguments, setting_flags
from reviewbot.config.choices import Surface
from reviewbot.config.schema import settings_on
from reviewbot.errors import EXIT_INCOMPLETE, UsageError

FORMATS = ("terminal", "json", "html")


@click.command(cls=GroupedCommand)
@click.argument("place", metavar="[PATH:LINE]", required=False, type=PATH)
@change_arguments
@click.option("--feature", metavar="ID", help="Show what is known of a feature, such as 417.")
@click.option(
    "--features",
    metavar="[TEXT]",
    is_flag=False,
    flag_value="",
    help="List all features, or those that match TEXT.",
)
@click.option(
    "--report",
    metavar="FILE",
    type=PATH,
    help="Explain from a report.json; needs no model.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(FORMATS),
    metavar="NAME",
    default=FORMATS[0],
    show_default=True,
    help="terminal or json; html for --features.",
)
@setting_flags(*settings_on(Surface.EXPLAIN))
def explain(
    place: str | None,
    range_: str | None,
    staged: bool,
    diff: str | None,
    root: str,
    output: str | None,
    feature: str | None,
    features: str | None,
    report: str | None,
    style: str,
    **flags: Any,
) -> None:
    """Explain the risk of a line, or show what is known of features.

    The change is given as for `reviewbot check`. If the change does not add the line, its file is
    read as if all of it were added. Exit codes: 0, or 3 if the line should have been scored and was
    not; explain never gates. Features are listed by lift, greatest first; docs/reasons.md explains
    the columns.
    """
    change = bool(range_ or staged or diff)
    _check_question(place, feature, features, report, style, change=change)
    if features is not None:
        from reviewbot.cli.features import explain_features

        explain_features(features, Path(root), flags, style, output)
        return
    if feature is not None:
        from reviewbot.cli.features import explain_feature

        explain_feature(feature, Path(root), flags, style, output)
        return
    if report is not None:
        explanation = explain_report(str(place), report)
    else:
        with asked_by("explain"):
            folder = folder_of(range_, staged=staged, diff=diff, root=root)
            explanation = explain_change(str(place), folder, range_, staged, diff, flags)
    from reviewbot.render.explain import explain_json, explain_terminal
    from reviewbot.scoring.outcomes import Failed, Skipped

    def render(look: tuple[int, bool]) -> str:
        width, color = look
        if style == "json":
            return explain_json(explanation)
        return explain_terminal(explanation, width=width, color=color)

    deliver(render, output, os.environ)
    outcome = explanation.line.outcome
    unread = isinstance(outcome, Skipped) and outcome.counts_as_unread
    sys.exit(EXIT_INCOMPLETE if unread or isinstance(outcome, Failed) else 0)


def _check_question(
    place: str | None,
    feature: str | None,
    features: str | None,
    report: str | None,
    style: str,
    *,
    change: bool,
) -> None:
    """Refuse options that exclude each other. raises UsageError"""
    asks_artifact = feature is not None or features is not None
    for refused, what, fix in (
        (
            [place, feature, features].count(None) != 2,
            "name exactly one of: a line, --feature, --features",
            "`reviewbot explain PATH:LINE`, or `reviewbot explain --features` for a list",
        ),
        (
            change and (asks_artifact or report is not None),
            "--feature, --features and --report exclude a change",
            "leave RANGE, --staged and --diff out",
        ),
        (
            asks_artifact and report is not None,
            "--feature and --features ask an artifact, not a report",
            "leave --report out",
        ),
        (
            style == "html" and features is None,
            "only --features has the format html",
            "use one of: terminal, json",
        ),
    ):
        if refused:
            raise UsageError(f"nothing was explained: {what}", fix=fix)
