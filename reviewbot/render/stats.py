"""`Stats` -> text: for the terminal, for programs ("reviewbot-stats/1"), and as a page.

The page has no script and requests nothing from the network; templates/stats.html.j2 lays it out.
"""

import json
from collections.abc import Callable, Iterator

from reviewbot.escape import inert, visible
from reviewbot.render.jinja import html_page
from reviewbot.report.json_values import clean
from reviewbot.report.stats import Counts, Group, Share, Stats, wilson

HEADS = ("week", *Counts._fields)
MAX_CHARS = 600  # of one untrusted text
MAX_NAMED = 50  # files on the page


def stats_json(stats: Stats) -> str:
    """Return all counts: ASCII only, same stats, same bytes, one newline at the end."""
    groups = [
        {
            "config": group.config._asdict(),
            "findings": group.findings,
            "addressed": _rate(group.addressed),
            "unknown": group.unknown,
            "acknowledged": _rate(group.acknowledged),
            "weeks": [{"week": week} | one._asdict() for week, one in group.weeks.items()],
            "total": group.total._asdict(),
        }
        for group in stats.groups
    ]
    value = {
        "schema": "reviewbot-stats/1",
        "groups": groups,
        "repeated": stats.repeated,
        "not_read": stats.not_read,
        "broken": [{"file": file, "why": why} for file, why in stats.broken],
        "notes": stats.notes,
    }
    return json.dumps(clean(value), indent=1, allow_nan=False) + "\n"


def stats_terminal(stats: Stats) -> str:
    """Return the rates and a table of weeks for each configuration."""
    lines = []
    for group in stats.groups:
        rows = [HEADS, *_rows(group)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines += [_config(group), *(f"  {words}" for words in _rates(group)), ""]
        for week, *cells in rows:
            right = "".join(f"  {cell:>{w}}" for cell, w in zip(cells, widths[1:], strict=True))
            lines.append(f"  {week:<{widths[0]}}{right}")
        lines.append("")
    return "".join(f"{inert(line)}\n" for line in [*lines, *_left_out(stats)])


def stats_html(stats: Stats) -> str:
    """Return the page: same stats, same bytes."""
    return html_page(
        "stats",
        scripted=False,
        heads=HEADS,
        groups=[
            {
                "config": _config(group),
                "rates": list(_rates(group)),
                "rows": _rows(group),
                "bars": [one.risky / max(group.total.risky, 1) for one in group.weeks.values()],
            }
            for group in stats.groups
        ],
        left_out=list(_left_out(stats)),
        broken=[(_bounded(file), _bounded(why)) for file, why in stats.broken[:MAX_NAMED]],
    )


def _config(group: Group) -> str:
    one = group.config
    exact = [f"max-risk {one.max_risk}"] if one.max_risk else []
    asked = [f"ack-top {one.ack_top}"] if one.ack_top else []
    gate = " ".join([one.fail_on, *one.fail_on_for, *exact, *asked])
    hashes = " + ".join(sha256[:12] for sha256 in one.artifact_sha256.split(" + "))
    return _bounded(
        f"artifact {one.artifact} ({hashes}), model {one.model} layer {one.layer}"
        f", show {one.show}, fail-on {gate}, scope {one.scope}"
    )


def _rates(group: Group) -> Iterator[str]:
    yield f"addressed     {_words(group.addressed)}"
    for why, count in group.unknown.items():
        yield f"  unknown for {count}: {why}"
    yield f"acknowledged  {_words(group.acknowledged)}"


def _words(share: Share | None) -> str:
    if share is None:
        return "n/a"
    low, high = (100 * end for end in wilson(*share))
    of = f"{share.hits} of {share.of} findings, {100 * share.hits / share.of:.0f} %"
    return f"{of} (95 % interval {low:.0f} to {high:.0f} %)"


def _rows(group: Group) -> list[tuple[str, ...]]:
    counts = [*group.weeks.items(), ("all", group.total)]
    return [(week, *(f"{number:,}" for number in one)) for week, one in counts]


def _left_out(stats: Stats) -> Iterator[str]:
    if stats.repeated:
        yield f"left out, another report of the same head counts: {stats.repeated}"
    if stats.broken:
        yield f"left out, unusable: {len(stats.broken)}"
    if stats.not_read:
        yield f"not read, too many or too large: {stats.not_read}"
    yield from map(_bounded, stats.notes)


def _rate(share: Share | None) -> dict[str, int] | None:
    return None if share is None else {"count": share.hits, "n": share.of}


def _bounded(text: str) -> str:
    text = visible(" ".join(text.split()))
    return text if len(text) <= MAX_CHARS else text[:MAX_CHARS] + "..."


RENDERERS: dict[str, Callable[[Stats], str]] = {
    "terminal": stats_terminal,
    "json": stats_json,
    "html": stats_html,
}
