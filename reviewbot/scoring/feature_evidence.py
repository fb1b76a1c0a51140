"""What is known about a feature, in a form that a developer can check: where it fires, how often.

Collected once, when an artifact is made (`reviewbot train evidence`), and stored in one file of it:
compressed JSON lines. The first says what was read and counted, each other one is a feature's.
"""

import gzip
import io
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

FORMAT = "reviewbot-evidence/1"
MAX_BYTES = 128 << 20  # uncompressed
MAX_ROW = 8 << 20  # bytes
MAX_ROWS = 200_000
MAX_EXEMPLARS = 5
MAX_NEAR_MISSES = 2
MAX_LANGUAGES = 3
_START = b'{"feature": "'


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A line of code that was read, and how strongly the feature fires on each of its tokens."""

    source: str  # package and version, or the name of a repository
    revision: str  # the commit, or "sha256:..." of the archive with the line
    path: str
    line: int  # 1-based
    licence: str  # SPDX name; "" for the user's own code
    language: str
    tokens: tuple[str, ...]  # joined they are the line; a token that spans its end is cut there
    activations: tuple[float, ...]  # of each token, as a share of the feature's maximum

    @property
    def text(self) -> str:
        """The line, without its line ending."""
        return "".join(self.tokens)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a feature fires on labelled lines.

    An autoencoder feature fires on a line if any token activates it. Named features and the state
    fire where they raise the risk.
    """

    risky: int  # labelled lines that a fix changed
    fired_risky: int
    sound: int  # the other labelled lines
    fired_sound: int
    expected: float  # `fired_risky` of a feature that ignores risk, given set, language and length

    @property
    def lift(self) -> float | None:
        """Firing rate on risky lines over that on all lines of the same set, language and length.

        None if it was never expected to fire.
        """
        return self.fired_risky / self.expected if self.expected > 0 else None

    @property
    def false_fire(self) -> float:
        """The share of the sound lines on which it fires."""
        return self.fired_sound / self.sound if self.sound else 0.0


@dataclass(frozen=True, slots=True)
class FeatureEvidence:
    """One feature: its label if reliable, its tally, what it correlates with, and examples."""

    feature: str  # as `Reason.feature`
    label: str = ""  # "" without a reliable one
    label_score: float | None = None  # balanced accuracy of the label on held-out files
    maximum: float | None = None  # strongest activation; None for text features
    density: float | None = None  # share of the corpus tokens it fires on
    tally: Tally | None = None
    languages: tuple[tuple[str, float], ...] = ()  # where its firing lines are; see `correlates`
    detects: str | None = None  # a language, if it does little more than detect that language
    indentation: float | None = None  # correlation of firing with indentation, in [-1, 1]
    exemplars: tuple[Exemplar, ...] = ()
    near_misses: tuple[Exemplar, ...] = ()  # the most similar lines on which it does not fire


def evidence_to_json(evidence: FeatureEvidence) -> dict[str, Any]:
    """Return the evidence as artifacts and reports hold it."""
    value = asdict(evidence)
    value["languages"] = [{"language": name, "share": share} for name, share in evidence.languages]
    if tally := evidence.tally:
        value["tally"]["lift"] = None if tally.lift is None else round(tally.lift, 4)
        value["tally"]["false_fire"] = round(tally.false_fire, 6)
    return value


def evidence_from_json(value: Mapping[str, Any]) -> FeatureEvidence:
    """Read what `evidence_to_json` wrote; lift and false-fire rate are computed, not read.

    raises  KeyError, TypeError or ValueError for anything else
    """
    tally = value["tally"]
    return FeatureEvidence(
        feature=str(value["feature"]),
        label=str(value["label"]),
        label_score=_number(value["label_score"]),
        maximum=_number(value["maximum"]),
        density=_number(value["density"]),
        tally=tally and _tally(tally),
        languages=tuple((str(row["language"]), float(row["share"])) for row in value["languages"]),
        detects=None if value["detects"] is None else str(value["detects"]),
        indentation=_number(value["indentation"]),
        exemplars=tuple(map(_exemplar, value["exemplars"])),
        near_misses=tuple(map(_exemplar, value["near_misses"])),
    )


def _tally(value: Mapping[str, Any]) -> Tally:
    names = ("risky", "fired_risky", "sound", "fired_sound")
    risky, fired_risky, sound, fired_sound = (int(value[name]) for name in names)
    if not (0 <= fired_risky <= risky and 0 <= fired_sound <= sound):
        raise ValueError("a tally counts more lines than there are")
    return Tally(risky, fired_risky, sound, fired_sound, float(value["expected"]))


def _exemplar(value: Mapping[str, Any]) -> Exemplar:
    tokens = tuple(map(str, value["tokens"]))
    activations = tuple(map(float, value["activations"]))
    if len(tokens) != len(activations):
        raise ValueError("an exemplar needs one activation per token")
    words = ("source", "revision", "path", "licence", "language")
    source, revision, path, licence, language = (str(value[key]) for key in words)
    line = int(value["line"])
    return Exemplar(source, revision, path, line, licence, language, tokens, activations)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def pack_evidence(facts: Mapping[str, Any], evidence: Iterable[FeatureEvidence]) -> bytes:
    """Return the file: same evidence, same bytes.

    facts  for the first line: which code was read, which labels were counted
    """
    rows = [{"format": FORMAT, **facts}, *map(evidence_to_json, evidence)]
    return gzip.compress("".join(f"{json.dumps(row)}\n" for row in rows).encode(), mtime=0)


def unpack_evidence(
    packed: bytes, wanted: Collection[str] | None = None
) -> dict[str, FeatureEvidence]:
    """Return the evidence of the wanted features, all by default, by name, in file order.

    raises  ValueError or KeyError if it is no such file
    """
    evidence = {}
    for row in islice(_rows(packed), 1, None):
        if wanted is None or row[len(_START) : row.find(b'"', len(_START))].decode() in wanted:
            feature = evidence_from_json(json.loads(row))
            evidence[feature.feature] = feature
    return evidence


def evidence_facts(packed: bytes) -> dict[str, Any]:
    """Return the file's first line. raises ValueError if it is no such file."""
    facts: dict[str, Any] = json.loads(next(_rows(packed)))
    return facts


def _rows(packed: bytes) -> Iterator[bytes]:
    """Yield the rows of an untrusted file without their line ends, within the bounds."""
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
