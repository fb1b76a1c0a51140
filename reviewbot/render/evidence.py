"""What is known of a feature, in words: the one place where they stand.

All of it may be a stranger's (labels and examples come with an artifact or a report): what comes
out is one line without control characters, and still has to be escaped for where it goes.
"""

import math
from collections.abc import Sequence

from reviewbot.escape import visible
from reviewbot.render.phrasing import share
from reviewbot.scoring.feature_evidence import (
    MAX_EXEMPLARS,
    MAX_LANGUAGES,
    MAX_NEAR_MISSES,
    Exemplar,
    FeatureEvidence,
    Tally,
)
from reviewbot.scoring.outcomes import Reason

MAX_CODE = 120  # characters of an example
MAX_WORDS = 200  # characters of a label, a path
OPEN, CLOSE = "‹", "›"  # around what fires, where there is no other way to mark it
LINE_END = "⏎"  # a token that is nothing but the line's end
MAX_LIFT = 999  # above it a lift only says that nothing was expected
SLIGHT = 0.1  # correlation with indentation below which it is not worth a word
NONE = "no evidence is known of it"


def feature_name(feature: str, label: str) -> str:
    """Return the label, or say that there is none: "feature 417 (unlabelled)"."""
    if label.strip():
        return _short(label)
    return f"feature {_short(feature.removeprefix('sae:'))} (unlabelled)"


def reason_weight(reason: Reason) -> str:
    """Return what a reason weighs: "at 83% of its strength, +1.23 log-odds"."""
    strength = "" if reason.activation is None else f"at {reason.activation:.0%} of its strength, "
    return f"{strength}{reason.contribution:+.2f} log-odds"


def tally_words(found: FeatureEvidence) -> str:
    """Return the counts with lift and false-fire rate, in a sentence without a subject; or ""."""
    tally = found.tally
    if tally is None:
        return ""
    if is_silent(tally):
        return _never(found)
    words = f"{_fires(found)} {tally.fired_risky:,} of {tally.risky:,} risky lines"
    words += f" and {tally.fired_sound:,} of {tally.sound:,} others"
    if tally.lift is not None:
        times = lift_words(tally.lift)
        words += (
            f": {times} times as often on risky lines as on all of their set, language and length"
        )
    return f"{words} (false-fire rate {share(tally.false_fire)})"


def clause(found: FeatureEvidence) -> str:
    """Return the shortest that lets somebody judge a reason; "" where nothing is known.

    "lift 3.2: fires on 9 of 41 risky lines, 14 of 5,210 others; little more than a detector of go"
    """
    return "; ".join([*([counts(found)] if found.tally else []), *detector_words(found)])


def counts(found: FeatureEvidence) -> str:
    """Return the counts in short, or ""; nothing of a stranger's is in it."""
    tally = found.tally
    if tally is None:
        return ""
    if is_silent(tally):
        return _never(found)
    lift = "" if tally.lift is None else f"lift {lift_words(tally.lift)}: "
    risky = f"{tally.fired_risky:,} of {tally.risky:,} risky lines"
    return f"{lift}{_fires(found)} {risky}, {tally.fired_sound:,} of {tally.sound:,} others"


def _fires(found: FeatureEvidence) -> str:
    """Say what is counted: see `scoring.feature_evidence.Tally`."""
    return "fires on" if found.feature.startswith("sae:") else "counts in"


def is_silent(tally: Tally) -> bool:
    """Return True if a feature was counted on no line at all: its rates would say nothing."""
    return not (tally.fired_risky or tally.fired_sound)


def _never(found: FeatureEvidence) -> str:
    if found.feature.startswith("sae:"):
        return "fires on none of the labelled lines"
    return "never raises the risk of a labelled line"


def lift_words(lift: float) -> str:
    """Return a lift with two figures that count, such as "3.2", "0.41" or "120"."""
    if lift > MAX_LIFT:
        return f"over {MAX_LIFT}"
    if lift >= 10:
        return f"{lift:,.0f}"
    return f"{lift:.1f}" if lift >= 1 else f"{lift:.2f}"


def detector_words(found: FeatureEvidence) -> list[str]:
    """Return the mark of a feature that merely detects a language, nothing for another one."""
    return [f"little more than a detector of {_short(found.detects)}"] if found.detects else []


def language_words(found: FeatureEvidence) -> str:
    """Return "mostly go, 81 %; rust 10 %", or "" where it is not known."""
    known = [(_short(name), part) for name, part in found.languages[:MAX_LANGUAGES] if part > 0]
    if not known:
        return ""
    (first, most), *others = known
    start = f"mostly {first}, {share(most)}" if most > 0.5 else f"{first} {share(most)}"
    return "; ".join([start, *(f"{name} {share(part)}" for name, part in others)])


def indentation_words(found: FeatureEvidence) -> str:
    """Say how firing goes with indentation; "" where it does not, or nobody knows."""
    if found.indentation is None or abs(found.indentation) < SLIGHT:
        return ""
    more = "more" if found.indentation > 0 else "less"
    strong = "clearly" if abs(found.indentation) >= 0.3 else "somewhat"
    return f"{strong} {more} often where code is indented (correlation {found.indentation:+.2f})"


def label_words(found: FeatureEvidence) -> str:
    """Say how far the label can be trusted."""
    if not found.label:
        return "without a reliable label"
    if found.label_score is None:
        return "nobody has measured how well the label tells where it fires"
    score = f"{found.label_score:.2f}".removeprefix("0")
    return f"the label tells where it fires with balanced accuracy {score} (.50 is a coin)"


def facts(found: FeatureEvidence) -> list[str]:
    """Return all that is known of a feature but its examples, a line each."""
    lines = [tally_words(found)] if found.tally else []
    if found.tally and not found.feature.startswith("sae:") and not is_silent(found.tally):
        lines.append(
            "it counts where its weight raises the risk; part of these lines taught it that weight"
        )
    lines += detector_words(found)
    if languages := language_words(found):
        lines.append(f"by language: {languages}")
    if indentation := indentation_words(found):
        lines.append(indentation)
    if found.feature.startswith("sae:"):  # what else has a name has it by its definition
        lines.append(label_words(found))
    if found.density is not None:
        lines.append(f"fires on {share(found.density)} of all tokens")
    return lines


def where_words(found: FeatureEvidence) -> str:
    """Return what the exemplars are, for a title; nothing of a stranger's is in it."""
    marked = any(max(one.activations, default=0) > 0 for one in found.exemplars)
    if marked:
        return f"fires on what stands in {OPEN} {CLOSE}"
    return "fires on" if found.feature.startswith("sae:") else "raises the risk of lines such as"


def exemplars(found: FeatureEvidence) -> list[str]:
    """Return the examples where it fires, a line each."""
    return [exemplar_words(one) for one in found.exemplars[:MAX_EXEMPLARS]]


def near_misses(found: FeatureEvidence) -> list[str]:
    """Return the most similar lines where it does not fire."""
    return [exemplar_words(one) for one in found.near_misses[:MAX_NEAR_MISSES]]


def exemplar_words(one: Exemplar) -> str:
    """Return "requests 2.34.2 (Apache-2.0) requests/api.py:77  return ‹session›.request("."""
    return f"{place_of(one)}  {marked(one)}"


def place_of(one: Exemplar) -> str:
    """Return where an example stands, and under which licence it may be shown."""
    licence = _short(one.licence) or "own code"
    commit = f" at {_short(one.revision[:10])}" if not one.revision.startswith("sha256:") else ""
    return f"{_short(one.source)}{commit} ({licence}) {_short(one.path)}:{one.line}"


def marked(one: Exemplar) -> str:
    """Return the code of an example, ‹what fires› in marks, cut around it where it is long."""
    text = "".join(f"{OPEN}{part}{CLOSE}" if fired else part for part, fired in pieces(one))
    return text.strip() or LINE_END


def pieces(one: Exemplar, most: int = MAX_CODE) -> list[tuple[str, float]]:
    """Return the code of an example in parts: text to be shown, and how strongly it fires.

    Neighbours that both fire are one part, with the stronger share; blanks in front of what fires
    belong to no part that fires. Indentation is left out; of a long line the part is shown in which
    it fires most. Our marks, where the code has them itself, are shown by their code.
    """
    runs: list[tuple[str, float]] = []
    for token, strength in zip(one.tokens, one.activations, strict=True):
        text = _code(token)
        if strength > 0:
            bare = text.lstrip(" ")
            before, text = (text[: len(text) - len(bare)], bare) if bare else ("", text)
            runs += [(before, 0.0)] if before else []
            runs.append((text or LINE_END, min(strength, 1.0)))
        elif text:
            runs.append((text, 0.0))
    return _cut(_joined(runs), most)


def _joined(runs: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for text, strength in runs:
        if found and (found[-1][1] > 0) == (strength > 0):
            found[-1] = (found[-1][0] + text, max(found[-1][1], strength))
        else:
            found.append((text, strength))
    if found and found[0][1] == 0:
        found[0] = (found[0][0].lstrip(" "), 0.0)
    if found and found[-1][1] == 0:
        found[-1] = (found[-1][0].rstrip(" "), 0.0)
    return [part for part in found if part[0]]


def _cut(parts: list[tuple[str, float]], most: int) -> list[tuple[str, float]]:
    """Keep `most` characters around the strongest part, and show where something is left out."""
    total = sum(len(text) for text, _ in parts)
    if total <= most:
        return parts
    at, start = 0, 0
    best = max(range(len(parts)), key=lambda n: (parts[n][1], -n))
    before = sum(len(text) for text, _ in parts[:best])
    start = max(0, min(before - most // 3, total - most))
    kept = []
    for text, strength in parts:
        piece = text[max(0, start - at) : max(0, start + most - at)]
        at += len(text)
        if piece:
            kept.append((piece, strength))
    if start > 0:
        kept.insert(0, ("…", 0.0))
    if start + most < total:
        kept.append(("…", 0.0))
    return kept


def _code(token: str) -> str:
    text = visible(token.replace("\t", "    ").removesuffix("\n").removesuffix("\r"))
    for sign in (OPEN, CLOSE, LINE_END):
        text = text.replace(sign, f"<U+{ord(sign):04X}>")
    return text


def _short(text: str) -> str:
    text = visible(" ".join(text[: 4 * MAX_WORDS].split()))
    return text if len(text) <= MAX_WORDS else text[:MAX_WORDS] + "…"


def strongest(one: Exemplar) -> float:
    """Return how strongly the feature fires on an example, as a share of its maximum."""
    return max((value for value in one.activations if math.isfinite(value)), default=0.0)
