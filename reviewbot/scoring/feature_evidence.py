"""What is known about a feature, in a form that a developer can check: where it fires, how often.

Found once, when an artifact is made (`reviewbot train evidence`), and kept with it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MAX_EXEMPLARS = 5
MAX_NEAR_MISSES = 2
MAX_LANGUAGES = 3


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A line of code that was read, and how strongly the feature fires on each of its tokens."""

    source: str  # package and version, or the name of a repository
    revision: str  # the commit, or "sha256:..." of the archive that the line was taken from
    path: str
    line: int  # 1-based
    licence: str  # as SPDX names it; "" for the user's own code
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

    An autoencoder feature fires on a line where any token of it activates the feature. A sign with
    a name of its own, and the state as a whole, fire where they raise the risk.
    """

    risky: int  # labelled lines that a fix changed
    fired_risky: int
    sound: int  # the other labelled lines
    fired_sound: int
    expected: float  # what `fired_risky` would be, were they like all of their set and length

    @property
    def lift(self) -> float | None:
        """How much more often it fires on risky lines than on all lines like them; 1: as often.

        Like them: of the same set, language and length.
        None where it was never expected to fire.
        """
        return self.fired_risky / self.expected if self.expected > 0 else None

    @property
    def false_fire(self) -> float:
        """The share of the sound lines on which it fires, too."""
        return self.fired_sound / self.sound if self.sound else 0.0


@dataclass(frozen=True, slots=True)
class FeatureEvidence:
    """One feature: its label if it earned one, its tally, what it correlates with, and examples."""

    feature: str  # as `Reason.feature`
    label: str  # "" where none is reliable
    label_score: float | None  # balanced accuracy of the label on files that did not make it
    maximum: float | None  # the strongest activation seen; None for what is no autoencoder feature
    density: float | None  # share of the tokens it fires on, of lines that were kept
    tally: Tally | None
    languages: tuple[tuple[str, float], ...]  # where its firing lines are; see `correlates`
    detects: str | None  # a language, where it does little more than detect that language
    indentation: float | None  # correlation of firing with the line's indentation, in [-1, 1]
    exemplars: tuple[Exemplar, ...]
    near_misses: tuple[Exemplar, ...]  # the most similar lines on which it does not fire


def evidence_to_json(found: FeatureEvidence) -> dict[str, Any]:
    """Return the evidence as artifacts and reports hold it."""
    value = asdict(found)
    value["languages"] = [{"language": name, "share": share} for name, share in found.languages]
    if found.tally is not None:
        value["tally"] = {
            **asdict(found.tally),
            "lift": None if found.tally.lift is None else round(found.tally.lift, 4),
            "false_fire": round(found.tally.false_fire, 6),
        }
    return value


def evidence_from_json(value: Mapping[str, Any]) -> FeatureEvidence:
    """Read what `evidence_to_json` wrote; lift and rate are computed again, never believed.

    raises  KeyError, TypeError or ValueError where it is something else
    """
    tally = value["tally"]
    return FeatureEvidence(
        feature=str(value["feature"]),
        label=str(value["label"]),
        label_score=_number(value["label_score"]),
        maximum=_number(value["maximum"]),
        density=_number(value["density"]),
        tally=tally and _tally(tally),
        languages=tuple((str(one["language"]), float(one["share"])) for one in value["languages"]),
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
        raise ValueError("an exemplar has other tokens than activations")
    words = ("source", "revision", "path", "licence", "language")
    source, revision, path, licence, language = (str(value[key]) for key in words)
    line = int(value["line"])
    return Exemplar(source, revision, path, line, licence, language, tokens, activations)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
