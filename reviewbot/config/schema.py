"""What each setting may be, as one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pathspec import GitIgnoreSpec

from reviewbot.config.thresholds import parse_limits

FORMATS = (
    "terminal", "json", "markdown", "sarif", "html", "annotations",
    "rdjson", "code-climate", "junit", "gcc",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting may be. `check` raises ValueError, or returns the value to keep."""

    check: Callable[[object], Any]
    says: str  # completes "expected ..."
    help: str
    kind: type = str  # how an environment variable or a flag is read: str, int, float, bool, tuple
    path: bool = False  # in a file, a relative path counts from the file's directory
    choices: tuple[str, ...] = ()  # all values that it may have; () where they are not listed


class WrongPart(ValueError):
    """A part of a list that a setting may not have; its text is the argument."""


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError
    return value


def _choice(help_: str, *names: str) -> Rule:
    def check(value: object) -> object:
        if value not in names:
            raise ValueError
        return value

    *first, last = map(repr, names)
    return Rule(check, f"{', '.join(first)} or {last}", help_, choices=names)


def _whole(low: int, high: int) -> Callable[[object], Any]:
    def check(value: object) -> int:
        if type(value) is not int or not low <= value <= high:  # a bool is no number here
            raise ValueError
        return value

    return check


def _share(value: object) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 1:  # type: ignore[operator]
        raise ValueError  # NaN, too: it compares as false
    return float(value)  # type: ignore[arg-type]


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _globs(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > 1_000:
        raise ValueError
    globs = tuple(_text(glob) for glob in value)
    if any(glob.startswith("#") for glob in globs):  # a comment: it would silently match nothing
        raise ValueError
    GitIgnoreSpec.from_lines(globs)  # its own error is a ValueError
    return globs


SCOPES = ("ai", "ai+unknown", "all")


def _limits(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > 1_000:
        raise ValueError
    for text in value:
        try:
            parse_limits([_text(text)])
        except ValueError as exc:
            raise WrongPart(text) from exc
    return tuple(value)


_BILLION = 1_000_000_000
_COUNT = "a whole number of at least 0"
_SHARE = "a number between 0 and 1"
_GLOBS = "a list of patterns as in .gitignore"

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "model": Rule(
            _text,
            "a model name, a hub id or a directory",
            "The model that reads the code; 'default' is the one the artifact was trained on.",
            path=True,
        ),
        "artifact": Rule(
            _text,
            "'tiny', 'small', 'base' or a directory",
            "Trained weights: small (the default), tiny (no download), base (slower), yours.",
            path=True,
        ),
        "depth": _choice(
            "How much of the model runs: its first layers, or all with the output head.",
            "trunk",
            "full",
        ),
        "max-risk": Rule(
            _share, _SHARE, "A line above this risk counts; unset: the artifact says.", float
        ),
        "max-risk-for": Rule(
            _limits,
            "a list of PATTERN=RISK and author:ai=RISK (or human, mixed, automation, unknown)",
            "Other limits, by path (the last that matches) or author (only stricter).",
            tuple,
        ),
        "max-lines-over": Rule(
            _whole(0, _BILLION), _COUNT, "How many lines above max-risk still pass.", int
        ),
        "min-coverage": Rule(
            _share,
            _SHARE,
            "Least share of the eligible lines that must be read.",
            float,
        ),
        "min-lines": Rule(
            _whole(0, _BILLION), _COUNT, "With fewer scored lines the gate never blocks.", int
        ),
        "informational": Rule(
            _switch, "true or false", "Report a block but exit 0; failures still fail.", bool
        ),
        "exclude": Rule(_globs, _GLOBS, "Files not to read.", tuple),
        "include": Rule(
            _globs, _GLOBS, "Files to read although a built-in list would skip them.", tuple
        ),
        "scope": _choice("Whose lines are read; the others are skipped, and counted.", *SCOPES),
        "gate-scope": _choice("Whose lines can block; the others are only reported.", *SCOPES),
        "unknown-as-ai": Rule(
            _globs, _GLOBS, "Files whose lines of unknown author both scopes take for AI's.", tuple
        ),
        "assume": _choice("Who wrote a line that nothing speaks of.", "ai", "unknown"),
        "trust-human": Rule(
            _switch,
            "true or false",
            "Take people and bots out of the scopes by their marks, which can be forged; never on "
            "forks.",
            bool,
        ),
        "inline-suppressions": Rule(
            _switch, "true or false", "Let comments in the code switch the reading off.", bool
        ),
        "max-file-bytes": Rule(
            _whole(1, _BILLION),
            "a whole number from 1 to 1000000000",
            "Larger files are not read; that counts against coverage.",
            int,
        ),
        "max-file-lines": Rule(
            _whole(1, _BILLION),
            "a whole number from 1 to 1000000000",
            "Longer files are not read; that counts against coverage.",
            int,
        ),
        "format": _choice("What the report looks like.", *FORMATS),
        "engine": _choice(
            "What computes; 'auto': onnx (int8) where it serves and agrees with fp32 here.",
            "auto",
            "torch",
            "onnx",
        ),
        "device": _choice("Where torch computes: here, or on a GPU.", "cpu", "cuda"),
        "quantize": _choice(
            "Weights of a large model through bitsandbytes; needs device cuda.",
            "none",
            "8bit",
            "4bit",
        ),
        "threads": Rule(
            _whole(0, 1_024),
            "a whole number from 0 to 1024",
            "Threads for the model; 0: every core this process may use.",
            int,
        ),
        "dtype": _choice(
            "Number format; 'auto', the default on a GPU: bf16 where it proves faster.",
            "fp32",
            "bf16",
            "auto",
        ),
        "post": _choice(
            "Comment on the pull request; 'auto': not from a fork, whose token may not.",
            "auto",
            "always",
            "never",
        ),
        "max-comments": Rule(
            _whole(0, 30),
            "a whole number from 0 to 30",
            "Comments on lines at the same time; the others stand in the summary.",
            int,
        ),
        "comment-when-clean": Rule(
            _switch, "true or false", "Post the summary even where there is nothing to say.", bool
        ),
        "resolve-threads": Rule(
            _switch,
            "true or false",
            "Resolve threads whose finding is gone; needs contents: write.",
            bool,
        ),
        "check-run": Rule(
            _text, "a name", "Make a check run of this name with annotations; unset: none."
        ),
        "commit-status": Rule(_text, "a name", "Set a commit status of this name; unset: none."),
        "label": Rule(
            _text, "a label", "Label a pull request the gate does not pass; unset: none."
        ),
        "bot-login": Rule(
            _text, "a login", "Who the token writes as: only its comments are taken for ours."
        ),
        "templates": Rule(
            _text,
            "a directory",
            "Own templates, by the names of ours; for commits as the base has them.",
        ),
        "cache-dir": Rule(
            _text, "a directory", "Where models are kept; unset: the usual cache.", path=True
        ),
        "recent": Rule(
            _text, "'auto', 'off' or a file", "Recent lines to compare with (`recent`).", path=True
        ),
        "line-cache": Rule(
            _whole(0, 1_000_000),
            "a whole number from 0 to 1000000",
            "MiB that the cache of lines already read may take; 0: keep none.",
            int,
        ),
        "server": _choice(
            "Let a running `reviewbot serve` of yours do the reading.", "auto", "never"
        ),
        "quiet": Rule(
            _switch,
            "true or false",
            "On the terminal, three lines at most where all is well.",
            bool,
        ),
        "top": Rule(_whole(0, 10_000), _COUNT, "How many findings the terminal shows.", int),
    }
)


# What only matters where something is posted.
POSTING = (
    "post",
    "max-comments",
    "comment-when-clean",
    "resolve-threads",
    "check-run",
    "commit-status",
    "label",
    "bot-login",
    "templates",
)
