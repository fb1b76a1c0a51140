"""What is known of a feature, in words.

Labels and examples come with an artifact or a report, so they are untrusted: each text returned
here is one line without control characters, and still has to be escaped for its format.
"""

from itertools import groupby
from typing import Any

from reviewbot.escape import visible
from reviewbot.render.phrasing import share
from reviewbot.render.untrusted import UntrustedText
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
OPEN, CLOSE = "‹", "›"  # around the tokens that fire, in plain text
FITTED = "counted where its weight raises the risk; that weight was fitted on some of them"
LINE_END = "⏎"  # a token that is only the line's end
MAX_LIFT = 999  # a higher lift only says that nothing was expected
SLIGHT = 0.1  # correlation with indentation below which it is not mentioned
SHADES = (0.66, 0.33)  # shares of a feature's maximum from which a page marks a token more strongly


def feature_name(feature: str, label: str) -> str:
    """Return the label, or "feature 417 (unlabelled)"."""
    if label.strip():
        return _short(label)
    return f"feature {_short(feature.removeprefix('sae:'))} (unlabelled)"


def reason_weight(reason: Reason) -> str:
    """Return the weight of a reason: "at 83 % of its maximum, +1.23 log-odds"."""
    active = "" if reason.activation is None else f"at {share(reason.activation)} of its maximum, "
    return f"{active}{reason.contribution:+.2f} log-odds"


def reason_words(reason: Reason, evidence: FeatureEvidence | None = None) -> dict[str, Any]:
    """Return a reason as Markdown templates print it: untrusted parts as `UntrustedText`.

    evidence  of its feature; without it the parts are None
    """
    return {
        "label": UntrustedText(feature_name(reason.feature, reason.label)),
        "weight": reason_weight(reason),
        "evidence": counts(evidence) or None if evidence else None,
        "detects": UntrustedText(evidence.detects) if evidence and evidence.detects else None,
    }


def tally_words(evidence: FeatureEvidence) -> str:
    """Return counts, lift and false-fire rate as a sentence without a subject; "" if unknown."""
    tally = evidence.tally
    if tally is None or is_silent(tally):
        return counts(evidence)
    words = f"{_fires(evidence)} {tally.fired_risky:,} of {tally.risky:,} risky lines"
    words += f" and {tally.fired_sound:,} of {tally.sound:,} others"
    if tally.lift is not None:
        times = f"{lift_words(tally.lift)} times as often on risky lines"
        words += f": {times} as on all lines of the same set, language and length"
    return f"{words} (false-fire rate {share(tally.false_fire)})"


def counts(evidence: FeatureEvidence) -> str:
    """Return the counts in short, or "". It contains no untrusted text."""
    tally = evidence.tally
    if tally is None:
        return ""
    if is_silent(tally):
        if evidence.feature.startswith("sae:"):
            return "fires on none of the labelled lines"
        return "never raises the risk of a labelled line"
    lift = "" if tally.lift is None else f"lift {lift_words(tally.lift)}: "
    risky = f"{tally.fired_risky:,} of {tally.risky:,} risky lines"
    return f"{lift}{_fires(evidence)} {risky}, {tally.fired_sound:,} of {tally.sound:,} others"


def _fires(evidence: FeatureEvidence) -> str:
    """Return what a tally counts: see `scoring.feature_evidence.Tally`."""
    return "fires on" if evidence.feature.startswith("sae:") else "counts in"


def is_silent(tally: Tally) -> bool:
    """Return True if a feature was counted on no line: then its rates say nothing."""
    return not (tally.fired_risky or tally.fired_sound)


def lift_words(lift: float) -> str:
    """Return a lift with two significant digits, such as "3.2", "0.41" or "120"."""
    if lift > MAX_LIFT:
        return f"over {MAX_LIFT}"
    if lift >= 10:
        return f"{lift:,.0f}"
    return f"{lift:.1f}" if lift >= 1 else f"{lift:.2f}"


def detector_words(evidence: FeatureEvidence) -> str:
    """Return "mostly detects go" for a feature that mainly detects a language, else ""."""
    return f"mostly detects {_short(evidence.detects)}" if evidence.detects else ""


def language_words(evidence: FeatureEvidence) -> str:
    """Return "mostly go, 81 %; rust 10 %", or "" if unknown."""
    known = [(_short(name), part) for name, part in evidence.languages[:MAX_LANGUAGES] if part > 0]
    if not known:
        return ""
    (first, most), *others = known
    start = f"mostly {first}, {share(most)}" if most > 0.5 else f"{first} {share(most)}"
    return "; ".join([start, *(f"{name} {share(part)}" for name, part in others)])


def indentation_words(evidence: FeatureEvidence) -> str:
    """Return how firing correlates with indentation; "" if it does not, or if unknown."""
    if evidence.indentation is None or abs(evidence.indentation) < SLIGHT:
        return ""
    more = "more" if evidence.indentation > 0 else "less"
    strong = "clearly" if abs(evidence.indentation) >= 0.3 else "somewhat"
    return f"{strong} {more} often in indented code (correlation {evidence.indentation:+.2f})"


def label_words(evidence: FeatureEvidence) -> str:
    """Return how reliable the label is."""
    if not evidence.label:
        return "no reliable label"
    if evidence.label_score is None:
        return "the accuracy of the label was not measured"
    score = f"{evidence.label_score:.2f}".removeprefix("0")
    return f"the label predicts where it fires with balanced accuracy {score} (chance is .50)"


def facts(evidence: FeatureEvidence) -> list[str]:
    """Return everything known of a feature except its examples, a line each."""
    autoencoder, tally = evidence.feature.startswith("sae:"), evidence.tally
    languages, density = language_words(evidence), evidence.density
    lines = (
        tally_words(evidence),
        FITTED if tally and not autoencoder and not is_silent(tally) else "",
        detector_words(evidence),
        f"by language: {languages}" if languages else "",
        indentation_words(evidence),
        label_words(evidence) if autoencoder else "",  # others are named by their definition
        "" if density is None else f"fires on {share(density)} of all tokens",
    )
    return [line for line in lines if line]


def where_words(evidence: FeatureEvidence) -> str:
    """Return what the examples show, as a title. It contains no untrusted text."""
    if any(max(one.activations, default=0) > 0 for one in evidence.exemplars):
        return f"fires on the tokens in {OPEN} {CLOSE}"
    return "fires on" if evidence.feature.startswith("sae:") else "raises the risk of lines such as"


def exemplars(evidence: FeatureEvidence) -> list[str]:
    """Return the examples where it fires, a line each."""
    return [exemplar_words(one) for one in evidence.exemplars[:MAX_EXEMPLARS]]


def near_misses(evidence: FeatureEvidence) -> list[str]:
    """Return the most similar lines where it does not fire, a line each."""
    return [exemplar_words(one) for one in evidence.near_misses[:MAX_NEAR_MISSES]]


def exemplar_words(example: Exemplar) -> str:
    """Return "requests 2.34.2 (Apache-2.0) requests/api.py:77  return ‹session›.request("."""
    return f"{exemplar_place(example)}  {marked(example)}"


def exemplar_place(example: Exemplar) -> str:
    """Return the origin of an example, and the licence under which it is shown."""
    licence = _short(example.licence) or "own code"
    archive = example.revision.startswith("sha256:")
    commit = "" if archive else f" at {_short(example.revision[:10])}"
    return f"{_short(example.source)}{commit} ({licence}) {_short(example.path)}:{example.line}"


def exemplar_html(example: Exemplar) -> dict[str, Any]:
    """Return an example as pages print it; shade 0 does not fire, 3 fires most strongly."""
    parts = [
        {"text": text, "shade": (strength > 0) * (1 + sum(strength >= least for least in SHADES))}
        for text, strength in pieces(example)
    ]
    return {"place": exemplar_place(example), "revision": example.revision, "pieces": parts}


def marked(example: Exemplar) -> str:
    """Return the code of an example with ‹what fires› marked, cut around it if it is long."""
    parts = pieces(example)
    text = "".join(f"{OPEN}{part}{CLOSE}" if strength else part for part, strength in parts)
    return text.strip() or LINE_END


def pieces(example: Exemplar, most: int = MAX_CODE) -> list[tuple[str, float]]:
    """Return the code of an example in parts: the text to show, and how strongly it fires.

    Neighbours that both fire are one part, with the stronger value; spaces before what fires are
    not part of it. Indentation is left out; a long line is cut around the part that fires most.
    Our own marks in the code are replaced by their codes.
    """
    runs: list[tuple[str, float]] = []
    for token, strength in zip(example.tokens, example.activations, strict=True):
        text = _code(token)
        bare = text.lstrip(" ") if strength > 0 and text.strip(" ") else text
        runs.append((text[: len(text) - len(bare)], 0.0))
        runs.append((bare or LINE_END * (strength > 0), max(0.0, min(strength, 1.0))))
    joined = [
        ("".join(text for text, _ in same), max(strength for _, strength in same))
        for _, group in groupby((run for run in runs if run[0]), lambda run: run[1] > 0)
        if (same := list(group))
    ]
    if joined and joined[0][1] == 0:
        joined[0] = (joined[0][0].lstrip(" "), 0.0)
    if joined and joined[-1][1] == 0:
        joined[-1] = (joined[-1][0].rstrip(" "), 0.0)
    return _cut([part for part in joined if part[0]], most)


def _cut(parts: list[tuple[str, float]], most: int) -> list[tuple[str, float]]:
    """Keep `most` characters around the strongest part, and mark where text is left out."""
    total = sum(len(text) for text, _ in parts)
    if total <= most:
        return parts
    best = max(range(len(parts)), key=lambda n: (parts[n][1], -n))
    before = sum(len(text) for text, _ in parts[:best])
    start = max(0, min(before - most // 3, total - most))
    kept = [("…", 0.0)] if start > 0 else []
    at = 0
    for text, strength in parts:
        if piece := text[max(0, start - at) : max(0, start + most - at)]:
            kept.append((piece, strength))
        at += len(text)
    return [*kept, ("…", 0.0)] if start + most < total else kept


def _code(token: str) -> str:
    text = visible(token.replace("\t", "    ").removesuffix("\n").removesuffix("\r"))
    for sign in (OPEN, CLOSE, LINE_END):
        text = text.replace(sign, f"<U+{ord(sign):04X}>")
    return text


def _short(text: str) -> str:
    text = visible(" ".join(text[: 4 * MAX_WORDS].split()))
    return text if len(text) <= MAX_WORDS else text[:MAX_WORDS] + "…"
