"""Input that tries to make reading take forever."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.authorship.claims import lines, trace
from tests.authorship.repos import Repo, authors, who
from tests.cpu import cpu_seconds


def timed(seconds: float, call: Callable[[], Any]) -> Any:
    start = cpu_seconds()
    found = call()
    assert cpu_seconds() - start < seconds
    return found


@pytest.mark.parametrize("line", ["a:b", "ai-assisted:true", "Replit-Commit-Session-Id: 1"])
def test_thousands_of_trailers_take_no_time(repo: Repo, line: str) -> None:
    repo.commit("x\n\n" + f"{line}\n" * 4_000, {"b.py": "b\n" * 15_000})

    found = timed(5, lambda: who(repo, "main..topic", valid=False))

    assert len(found["files"][0]["lines"]) == 15_000


def test_a_quote_that_does_not_end_takes_no_time(repo: Repo) -> None:
    commit = repo.commit("x", {"b.py": "b\n"})
    repo.note(commit, '"a\n' + "\n" * 1_500_000 + "---\n{}")

    found = timed(3, lambda: who(repo, "main..topic"))

    assert "a quoted path does not end" in found["notes"][0]


def test_thousands_of_ranges_over_a_whole_file_take_no_time(repo: Repo) -> None:
    text = "".join(f"line {n}\n" for n in range(2_000))
    part = {**lines(50_000, 51_999), **lines(1, 1, text.removesuffix("\n"))}
    part |= {"start_line": 50_000, "end_line": 51_999}
    repo.commit("x", {"b.py": text, ".agent-trace/traces.jsonl": trace(*[part] * 5_000) * 4})

    found = timed(5, lambda: authors(repo))

    assert found["b.py", 1]["kind"] == "ai"


def test_records_over_hundreds_of_files_take_no_time(repo: Repo) -> None:
    files = {f"m{n}.py": f"line {n}\n" for n in range(300)}
    text = "".join(trace(lines(9, 9, f"line {n}"), path=f"m{n}.py") for n in range(300)) * 10
    repo.commit("x", {**files, ".agent-trace/traces.jsonl": text})

    found = timed(10, lambda: authors(repo))

    assert {a["kind"] for (p, _), a in found.items() if p.endswith(".py")} == {"ai"}
