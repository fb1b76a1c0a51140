"""What `reviewbot review --acks` writes, `reviewbot stats` counts."""

import json

import pytest
from click.testing import CliRunner

from reviewbot.cli import main
from reviewbot.report.ack_log import parse_acks
from tests.github.conftest import World, risky
from tests.github.fake_parts import Trouble
from tests.github.test_events import ack, ids


def test_acknowledgements_that_hold_are_written_as_records_and_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.push({"b.py": risky(1) + "x = 1\n" * 5 + risky(2)})
    world.review("--max-comments", "0")
    first, second = ids(world)
    world.github.permissions["jane"] = "write"
    ack(world, "jane", f"/reviewbot ack {first} it is \u00e9 right")
    ack(world, "mallory", f"/reviewbot ack {second} let me in")
    reports = world.folder / "reports"
    reports.mkdir()

    world.review(
        *("--output", str(reports / "r.json"), "--format", "json", "--post", "never"),
        *("--acks", str(reports / "outcomes.jsonl")),
    )
    raw = (reports / "outcomes.jsonl").read_bytes()
    result = CliRunner().invoke(
        main, ["stats", str(reports), "--root", str(world.repo.root), "--format", "json"]
    )

    assert json.loads(raw)["by"] == "jane"
    assert raw.isascii()
    assert parse_acks([("x", raw)]) == {first}
    (group,) = json.loads(result.stdout)["groups"]
    assert group["acknowledged"] == {"count": 1, "n": group["findings"]}
    assert json.loads(result.stdout)["notes"] == []


def test_unreadable_acknowledgements_are_not_written_as_an_empty_file(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.github.troubles.append(
        Trouble("GET", "/issues", 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9e12"})
    )
    out = world.folder / "outcomes.jsonl"

    result = world.review("--acks", str(out), "--post", "never")

    assert result.exit_code == 4
    assert not out.exists()
