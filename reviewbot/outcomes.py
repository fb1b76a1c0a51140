"""`outcomes.jsonl`: what people and programs write down beside the reports. Strict, bounded.

The format is `reviewbot-outcomes/1`; docs/formats.md says what the records mean.
"""

import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from reviewbot.core.acks import Ack
from reviewbot.core.errors import UsageError
from reviewbot.core.trend import Fate, Name, Place, Records, day_of

MAX_BYTES = 20_000_000
MOST_RECORDS = 100_000  # of a file
MOST_BY = 100  # characters of a login
_FIX = "docs/formats.md says what a record looks like; take the line out, or mend it"


def parse_outcomes(raw: bytes, name: str) -> Records:
    """Read the records of a file. Blank lines are passed over.

    name    of the file, for the error
    raises  UsageError for the first record that is wrong: nothing else is then believed either
    """
    if len(raw) > MAX_BYTES:
        raise _wrong(name, f"it is larger than {MAX_BYTES // 1_000_000} MB")
    days: dict[str, date] = {}
    acks: list[Name] = []
    fates: list[tuple[Name, Fate]] = []
    for count, (number, value) in enumerate(_records(raw, name), start=1):
        if count > MOST_RECORDS:
            raise _wrong(name, f"it has more than {MOST_RECORDS} records")
        match value["record"]:
            case "date":
                day = day_of(value["date"])
                if day is None:
                    raise _wrong(name, f"line {number}: no day between 2000 and 2100")
                days[value["report"]] = day
            case "ack":
                acks.append(_name(value))
            case _:
                fates.append((_name(value), Fate(value["outcome"])))
    return Records(days, tuple(acks), tuple(fates))


def joined(parts: Iterable[tuple[str, Records]]) -> Records:
    """Join the records of several files; what comes later counts more.

    parts  with the directory of each file: reports are named from there
    """
    days: dict[str, date] = {}
    acks: list[Name] = []
    fates: list[tuple[Name, Fate]] = []
    for folder, records in parts:
        days |= {posixpath.normpath(f"{folder}/{name}"): day for name, day in records.days.items()}
        acks += records.acks
        fates += records.fates
    return Records(days, tuple(acks), tuple(fates))


def ack_records(acks: Iterable[Ack]) -> str:
    """Return acknowledgements as records, a line each, sorted; ASCII only."""
    rows = sorted({(ack.finding, ack.login, ack.reason) for ack in acks})
    return "".join(
        json.dumps({"record": "ack", "finding": finding, "by": by[:MOST_BY], "reason": reason})
        + "\n"
        for finding, by, reason in rows
    )


def _records(raw: bytes, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError) as exc:
            raise _wrong(name, f"line {number} is not JSON") from exc
        if next(iter(_validator().iter_errors(value)), None) is not None:
            raise _wrong(name, f"line {number} does not keep the schema")
        yield number, value


def _name(value: Mapping[str, Any]) -> Name:
    if "finding" in value:
        return str(value["finding"])
    return Place(value["head"], value["path"], value["fingerprint"])


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    file = resources.files("reviewbot") / "schemas" / "outcomes_v1.json"
    return Draft202012Validator(json.loads(file.read_text(encoding="utf-8")))


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _wrong(name: str, what: str) -> UsageError:
    return UsageError(f"nothing was shown: {name} cannot be used: {what}", fix=_FIX)
