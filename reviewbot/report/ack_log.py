"""`outcomes.jsonl`: acknowledgements beside the reports, one JSON object per line.

`review --acks FILE` writes it, `stats` reads it; docs/formats.md describes the records.
"""

import json
from collections.abc import Iterable
from importlib import resources

from reviewbot.errors import UsageError
from reviewbot.report.acks import Ack

MAX_BYTES = 20_000_000  # of all files together
COUNTED = "nothing was counted"
MAX_BY = 100  # characters of a login


def ack_records(acks: Iterable[Ack]) -> str:
    """Return acknowledgements as records, a line each, sorted; ASCII only."""
    rows = sorted({(ack.finding, ack.login, ack.reason) for ack in acks})
    return "".join(
        json.dumps({"record": "ack", "finding": finding, "by": by[:MAX_BY], "reason": reason})
        + "\n"
        for finding, by, reason in rows
    )


def parse_acks(files: Iterable[tuple[str, bytes | None]]) -> frozenset[str]:
    """Return the identifiers of acknowledged findings; arguments as for `read_acks`."""
    return frozenset(ack.finding for ack in read_acks(files))


def read_acks(files: Iterable[tuple[str, bytes | None]], doing: str = COUNTED) -> list[Ack]:
    """Return acknowledgements, in the order of the records.

    files   names and bytes; None for a file that cannot be read
    doing   what is not done if a record is refused
    raises  UsageError for the first invalid record, and above 20 MB in total
    """
    from jsonschema import Draft202012Validator

    schema = resources.files("reviewbot") / "schemas" / "outcomes_v1.json"
    validator = Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
    found, total = [], 0
    for name, raw in files:
        if raw is None or (total := total + len(raw)) > MAX_BYTES:
            raise _wrong(doing, f"{name} is not a regular file, or all files together exceed 20 MB")
        for number, line in enumerate(raw.split(b"\n"), start=1):
            try:
                value = json.loads(line) if line.strip() else None
            except (ValueError, RecursionError) as exc:
                raise _wrong(doing, f"line {number} of {name} is not JSON") from exc
            if line.strip() and not validator.is_valid(value):
                raise _wrong(doing, f"line {number} of {name} does not match the schema")
            if value:
                by, reason = value.get("by", ""), value.get("reason", "")
                found.append(Ack(value["finding"], reason, by))
    return found


def _wrong(doing: str, what: str) -> UsageError:
    return UsageError(
        f"{doing}: {what}",
        fix="remove or correct it; docs/formats.md describes the records",
    )
