"""Which lines of the demo change are wrong, and the proof.

The code under `demo/` was written once by a small code model; see `README.md` beside this folder.
Nobody planted or mended anything. For each line of BUGS these tests show three things: with the
code as it is, the answer is not what the prompt asked for; with every line of BUGS corrected, it
is; with every line but this one corrected, it is still not. So each line is wrong by itself.
The expected values follow from the prompts in `make_demo.py`.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[1]
DEMO = EXAMPLES / "demo"
sys.path.append(str(EXAMPLES))

import make_demo  # noqa: E402  (imports the standard library only)


@dataclass(frozen=True, slots=True)
class Bug:
    path: str
    line: int  # 1-based, in the head version
    text: str  # of that line, without its indentation
    wrong: str  # in words
    corrected: str  # what should stand there instead, of `replaces` lines
    ask: Callable[[ModuleType], Any]
    expected: Any
    replaces: int = 1


def sleeps(module: ModuleType) -> list[float]:
    """The delays that a call which fails three times sleeps for."""
    slept: list[float] = []

    def fail() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        module.call_with_retry(fail, 3, 1.0, (TimeoutError,), slept.append)
    return slept


NO_PAYEE = [{"id": 1}, {"payee": "A", "id": 2}, {"payee": "A", "id": 3}]

BUGS = [
    Bug(
        "billing/money.py",
        29,
        r"pattern = r'^-?\d+(\.\d+)?$'",
        "an amount with thousands separators is refused",
        r"    pattern = r'^-?(\d+|\d{1,3}(,\d{3})+)(\.\d{1,2})?$'",
        lambda m: m.parse_amount("-1,234.56"),
        -123456,
    ),
    Bug(
        "billing/money.py",
        34,
        "cents = float(text) * 100",
        "a float, against the prompt: 0.29 becomes 28.999999999999996 cents",
        "    whole, _, part = text.replace(',', '').partition('.')\n"
        "    cents = int(whole + part.ljust(2, '0'))",
        lambda m: m.parse_amount("0.29"),
        29,
    ),
    Bug(
        "billing/money.py",
        50,
        'return f"-${abs(cents):.2f}"',
        "cents are printed as if they were dollars",
        '        return f"-${abs(cents) // 100:,}.{abs(cents) % 100:02}"',
        lambda m: m.format_amount(-305),
        "-$3.05",
    ),
    Bug(
        "billing/money.py",
        52,
        'return f"${cents:,.2f}"',
        "cents are printed as if they were dollars",
        '        return f"${cents // 100:,}.{cents % 100:02}"',
        lambda m: m.format_amount(123456),
        "$1,234.56",
    ),
    Bug(
        "billing/schedule.py",
        27,
        "due_date = issued + timedelta(days=working_days)",
        "Saturdays and Sundays count as working days",
        "    due_date = issued\n"
        "    while working_days > 0:\n"
        "        due_date += timedelta(days=1)\n"
        "        working_days -= not is_weekend(due_date)",
        lambda m: m.due_date(date(2024, 5, 31), 1),  # a Friday
        date(2024, 6, 3),
    ),
    Bug(
        "billing/importing.py",
        19,
        "return re.sub(r'[^a-zA-Z0-9]', '_', header)",
        "no lower case, one underscore per character, underscores at the ends",
        "    return re.sub(r'[^a-z0-9]+', '_', header.lower()).strip('_')",
        lambda m: m.column_name(" Amount (USD) "),
        "amount_usd",
    ),
    Bug(
        "billing/importing.py",
        38,
        "return balance",
        "the last balance instead of the list of balances",
        "    return [opening + sum(amounts[: i + 1]) for i in range(len(amounts))]",
        lambda m: m.running_balance([10, -3], 5),
        [15, 12],
    ),
    Bug(
        "billing/importing.py",
        54,
        "if entry[key] not in seen:",
        "KeyError for an entry without the key, which should be kept",
        "        if key not in entry:\n"
        "            result.append(entry)\n"
        "        elif entry[key] not in seen:",
        lambda m: m.without_duplicates(NO_PAYEE, "payee"),
        NO_PAYEE[:2],
    ),
    Bug(
        "billing/paging.py",
        12,
        "return total // size",
        "the last, partly filled page is not counted, and no items make no page",
        "    return max(1, -(-total // size))",
        lambda m: [m.page_count(total, 10) for total in (0, 10, 11)],
        [1, 1, 2],
    ),
    Bug(
        "billing/retrying.py",
        21,
        "current_delay = base",
        "the first delay is above the cap when base is",
        "    current_delay = min(base, cap)",
        lambda m: m.backoff_delays(3, 10.0, 5.0),
        [5.0, 5.0],
    ),
    Bug(
        "billing/retrying.py",
        22,
        "for _ in range(attempts):",
        "as many delays as attempts, where one less was asked for",
        "    for _ in range(attempts - 1):",
        lambda m: m.backoff_delays(4, 1.0, 3.0),
        [1.0, 2.0, 3.0],
    ),
    Bug(
        "billing/retrying.py",
        42,
        "delay *= 2",
        "the delay is doubled before the first sleep",
        "                sleep(delay)\n                delay *= 2",
        sleeps,
        [1.0, 2.0],
        replaces=2,
    ),
]

each_bug = pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.path}:{bug.line}")


def module(path: str, corrections: list[Bug]) -> ModuleType:
    """Run a file of the demo, with those of its lines replaced that `corrections` name."""
    lines = (DEMO / path).read_text("utf-8").split("\n")
    for bug in sorted(corrections, key=lambda bug: -bug.line):
        if bug.path == path:
            lines[bug.line - 1 : bug.line - 1 + bug.replaces] = bug.corrected.split("\n")
    made = ModuleType(path)
    exec(compile("\n".join(lines), path, "exec"), made.__dict__)
    return made


def answer(bug: Bug, corrections: list[Bug]) -> Any:
    try:
        found = bug.ask(module(bug.path, corrections))
    except (KeyError, ValueError) as exc:
        return exc
    return (type(found), found)  # 29.0 is not the int that was asked for


@each_bug
def test_the_code_as_it_is_gives_a_wrong_answer(bug: Bug) -> None:
    assert answer(bug, []) != (type(bug.expected), bug.expected)


@each_bug
def test_with_every_wrong_line_corrected_the_answer_is_right(bug: Bug) -> None:
    assert answer(bug, BUGS) == (type(bug.expected), bug.expected)


@each_bug
def test_with_every_other_line_corrected_the_answer_is_still_wrong(bug: Bug) -> None:
    others = [other for other in BUGS if other is not bug]

    assert answer(bug, others) != (type(bug.expected), bug.expected)


@each_bug
def test_the_table_names_a_line_that_the_change_adds(bug: Bug) -> None:
    assert (DEMO / bug.path).read_text("utf-8").split("\n")[bug.line - 1].strip() == bug.text
    section = (EXAMPLES / "demo.diff").read_text("utf-8").split(f"+++ b/{bug.path}\n")[1]
    added = [
        line[1:].strip() for line in section.split("\ndiff ")[0].split("\n") if line[:1] == "+"
    ]
    assert bug.text in added


def test_the_other_functions_do_what_the_prompts_ask_for() -> None:
    schedule, paging = module("billing/schedule.py", []), module("billing/paging.py", [])

    assert schedule.overlaps((1, 4), (3, 5))
    assert not schedule.overlaps((1, 3), (3, 5))
    assert [paging.page_items([1, 2, 3], page, 2) for page in (1, 2, 3)] == [[1, 2], [3], []]
    cache = paging.LRUCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert (len(cache), cache.get("b"), cache.get("a"), cache.get("c")) == (2, None, 1, 3)


def test_the_models_code_stands_in_the_demo_as_the_model_wrote_it() -> None:
    expected = {**make_demo.BEFORE, **make_demo.NEW}
    for path, text in make_demo.taken():
        expected[path] += f"\n\n{text}\n"

    found = {
        str(path.relative_to(DEMO).as_posix()): path.read_text("utf-8")
        for path in DEMO.rglob("*.py")
    }
    assert found == expected


def test_the_diff_turns_what_was_there_before_into_the_demo(tmp_path: Path) -> None:
    for path, text in make_demo.BEFORE.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "apply", EXAMPLES / "demo.diff"], cwd=tmp_path, check=True)

    for path in DEMO.rglob("*.py"):
        assert (tmp_path / path.relative_to(DEMO)).read_bytes() == path.read_bytes()


@each_bug
def test_the_readme_names_the_wrong_line(bug: Bug) -> None:
    assert f"| `{bug.path}:{bug.line}` |" in (EXAMPLES / "README.md").read_text("utf-8")
