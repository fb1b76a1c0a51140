"""All evidence of an artifact in one file: JSON lines, compressed; read only where one is wanted.

The first line says what was read and counted, each other one holds the evidence of a feature.
"""

import gzip
import io
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from reviewbot.scoring.feature_evidence import FeatureEvidence, evidence_from_json, evidence_to_json

FORMAT = "reviewbot-evidence/1"
MAX_BYTES = 128 << 20  # uncompressed
MAX_ROW = 8 << 20  # bytes
MAX_ROWS = 200_000
_START = b'{"feature": "'


def pack_evidence(facts: Mapping[str, Any], found: Iterable[FeatureEvidence]) -> bytes:
    """Return the file: same evidence, same bytes.

    facts  for the first line: which code was read, which labels were counted
    """
    rows = [json.dumps({"format": FORMAT, **facts})]
    rows += [json.dumps(evidence_to_json(one)) for one in found]
    return gzip.compress("".join(f"{row}\n" for row in rows).encode(), mtime=0)


def unpack_evidence(
    packed: bytes, wanted: Collection[str] | None = None
) -> dict[str, FeatureEvidence]:
    """Return the evidence of the wanted features, of all by default, by name, in file order.

    raises  ValueError or KeyError where it is no such file
    """
    found = {}
    for row in islice(_rows(packed), 1, None):
        if wanted is None or row[len(_START) : row.find(b'"', len(_START))].decode() in wanted:
            one = evidence_from_json(json.loads(row))
            found[one.feature] = one
    return found


def evidence_facts(packed: bytes) -> dict[str, Any]:
    """Return what the file's first line says. raises ValueError where it is no such file."""
    facts: dict[str, Any] = json.loads(next(_rows(packed)))
    return facts


def _rows(packed: bytes) -> Iterator[bytes]:
    """Yield the rows without their line ends, one after the other: a stranger's may be many."""
    rest = MAX_BYTES
    try:
        with gzip.open(io.BytesIO(packed)) as file:
            for count in range(MAX_ROWS + 1):
                row = file.readline(min(rest, MAX_ROW) + 1)
                rest -= len(row)
                if not row and count:
                    return
                if not row[:-1] or row[-1:] != b"\n" or rest < 0:
                    break
                if not count and FORMAT.encode() not in row[:100]:
                    break
                yield row[:-1]
    except (OSError, EOFError, zlib.error) as exc:
        raise ValueError("the evidence cannot be decompressed") from exc
    raise ValueError(f"the evidence is not {FORMAT}, or too large")
