"""`reviewbot train mine`: labelled changes from a repository's own history."""

from pathlib import Path

import click

from reviewbot.app.failures import worded
from reviewbot.app.progress import say
from reviewbot.cli.options import PATH
from reviewbot.cli.train_options import counter, require_places


@click.command()
@click.argument("repo", type=PATH)
@click.option("--out", required=True, metavar="FILE", type=PATH, help="File to write, .jsonl.gz.")
@click.option(
    "--scope",
    type=click.Choice(["ai", "all"]),
    default="ai",
    show_default=True,
    help="Whose changes to mine. ai: with a mark of an AI author.",
)
def mine(repo: str, out: str, scope: str) -> None:
    """Write labelled changes from the history of REPO, a full clone.

    A fix commit is traced to the commits that introduced the lines it changes. Changes that no fix
    was traced to, and that are still there, are written as clean. A stopped run resumes from
    FILE.partial.
    """
    require_places(out)
    if not out.endswith(".gz"):
        raise click.UsageError(f"{out!r} does not end in .gz, but the rows are written compressed")
    from reviewbot.train.mine import mine as mine_history

    with worded("nothing was mined"):
        mined = mine_history(Path(repo), Path(out), scope=scope, progress=counter)
    say(
        f"{mined.commits} commits, {mined.introducing} in scope; {mined.fixes} fixes traced to"
        f" {mined.traced} lines, {mined.lost} files could not be traced"
    )
    say(f"{out}: {mined.faulty} faulty changes ({mined.lines} lines), {mined.clean} clean changes")
