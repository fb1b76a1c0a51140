"""Secrets in source text, found by detect-secrets' detectors. No secret is verified: no network."""

import re
from itertools import chain

from detect_secrets.core.scan import get_plugins
from detect_secrets.filters import heuristic
from detect_secrets.plugins.base import BasePlugin
from detect_secrets.plugins.keyword import DENYLIST, KeywordDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.settings import default_settings

REDACTED = "REDACTED"
MAX_KEYWORD_LINE = 300  # characters; the detector of keywords needs quadratic time in longer ones
_KEYWORD = re.compile("|".join(DENYLIST), re.I)
_AROUND = {  # what stands around a value that may be a common word
    "BasicAuthDetector": (":", "@"),
    "Base64HighEntropyString": ("\"'", "\"'"),
    "HexHighEntropyString": ("\"'", "\"'"),
    "KeywordDetector": ("\"'`", "\"'`"),
}
_GUESSES = {"Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector"}
_HARMLESS = (
    heuristic.is_sequential_string,
    heuristic.is_potential_uuid,
    heuristic.is_templated_secret,
    heuristic.is_not_alphanumeric_string,
    heuristic.is_prefixed_with_dollar_sign,
)
with default_settings():  # an address of the internet is no secret
    _DETECTORS = [one for one in get_plugins() if type(one).__name__ != "IPPublicDetector"]


def has_private_key(text: str) -> bool:
    """Return True if the text holds the first line of a private key, whose end nobody knows."""
    return any(PrivateKeyDetector().analyze_string(text))


def redact(text: str) -> tuple[str, int]:
    """Return the text with REDACTED in the place of secrets, and how many were replaced."""
    count = 0
    for detector in _DETECTORS:
        name = type(detector).__name__
        before, after = _AROUND.get(name, ("", ""))
        for secret in sorted(_found(detector, text), key=lambda one: (-len(one), one)):
            if name in _GUESSES and any(harmless(secret) for harmless in _HARMLESS):
                continue
            left, right = (f"[{mark}]" if mark else "" for mark in (before, after))
            pattern = f"(?<={left}){re.escape(secret)}(?={right})"
            text, times = re.subn(pattern, REDACTED, text)
            count += times
    return text, count


def _found(detector: BasePlugin, text: str) -> set[str]:
    if isinstance(detector, KeywordDetector):
        lines = [line for line in text.split("\n") if len(line) <= MAX_KEYWORD_LINE]
        read = [detector.analyze_string(line) for line in lines if _KEYWORD.search(line)]
        return {*chain.from_iterable(read)} - {"", REDACTED}
    # A whole text at once: by line it takes ten times as long.
    return {one.secret_value for one in detector.analyze_line("", text)} - {"", None}
