"""All evidence of an artifact in one file: JSON lines, compressed; read only where one is wanted.

The first line says what was read and counted, each other one holds the evidence of a feature.
"""

import gzip
import io
import json
import zlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from reviewbot.core.evidence import Evidence, evidence_from_json, evidence_to_json

FORMAT = "reviewbot-evidence/1"
MOST_BYTES = 256 << 20  # uncompressed
_START = b'{"feature": "'


def pack_evidence(facts: Mapping[str, Any], found: Iterable[Evidence]) -> bytes:
    """Return the file: same evidence, same bytes.

    facts  for the first line: which code was read, which labels were counted
    """
    rows = [json.dumps({"format": FORMAT, **facts})]
    rows += [json.dumps(evidence_to_json(one)) for one in found]
    return gzip.compress("".join(f"{row}\n" for row in rows).encode(), mtime=0)


def unpack_evidence(packed: bytes, wanted: Collection[str] | None = None) -> dict[str, Evidence]:
    """Return the evidence of the wanted features, of all by default, by name, in file order.

    raises  ValueError or KeyError where it is no such file
    """
    found = {}
    for row in _rows(packed)[1:]:
        if wanted is None or row[len(_START) : row.find(b'"', len(_START))].decode() in wanted:
            one = evidence_from_json(json.loads(row))
            found[one.feature] = one
    return found


def evidence_facts(packed: bytes) -> dict[str, Any]:
    """Return what the file's first line says. raises ValueError where it is no such file."""
    facts: dict[str, Any] = json.loads(_rows(packed)[0])
    return facts


def _rows(packed: bytes) -> list[bytes]:
    try:
        with gzip.open(io.BytesIO(packed)) as file:
            raw = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as exc:
        raise ValueError("the evidence cannot be decompressed") from exc
    rows = raw.split(b"\n")
    if len(raw) > MOST_BYTES or rows.pop() or not rows or FORMAT.encode() not in rows[0][:100]:
        raise ValueError(f"the evidence is not {FORMAT}, or too large")
    return rows
