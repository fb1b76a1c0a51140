# ruff: noqa: RUF009 - the rows of the table are dataclass fields
"""The settings, as one table: the fields of `Settings`.

Flags and their help, variables, files, completion and errors derive from it. So do action.yml, the
tables of docs/settings.md and schemas/settings_v1.json, which tests/config/derived.py writes.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType, UnionType
from typing import Any, cast, get_args, get_origin

from pathspec import GitIgnoreSpec

from reviewbot.authorship.model import Scope
from reviewbot.config.choices import (
    TOP,
    Assume,
    Depth,
    Device,
    Dtype,
    Engine,
    Format,
    OptionGroup,
    Posting,
    Quantize,
    Server,
    Surface,
)
from reviewbot.config.levels import FailOn, Level
from reviewbot.config.thresholds import parse_limits

MAX_ITEMS = 1_000  # of a list
MAX_COUNT = 1_000_000_000


_SCORING = tuple(Surface)
_GATING = tuple(surface for surface in _SCORING if surface is not Surface.EXPLAIN)
_TERMINAL = (Surface.CHECK, Surface.REVIEW)  # elsewhere the format is fixed
_REVIEW = (Surface.REVIEW, Surface.ACTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table."""

    name: str  # in files and as a flag: kebab-case
    type: type[Any]  # a StrEnum, str, int, float, bool or tuple (of texts)
    choices: tuple[str, ...] = ()  # all values of a StrEnum
    default: Any
    help: str  # one line that names the effect
    expects: str  # completes "give ..."
    metavar: str
    group: OptionGroup
    surfaces: tuple[Surface, ...]
    bounds: tuple[int, int]  # of a number, both included
    path: bool = False  # in a file, a relative path counts from the file's directory
    check_item: Callable[[str], object]  # raises ValueError for a wrong item of a list

    @property
    def field(self) -> str:
        """The name in `Settings`."""
        return self.name.replace("-", "_")

    def parse(self, value: object) -> Any:
        """Return the value as `Settings` holds it.

        value   as TOML gives it; a tuple counts as a list
        raises  ValueError, or WrongItem for one item of a list
        """
        kind = type(value)
        if self.type is tuple and isinstance(value, list | tuple) and len(value) <= MAX_ITEMS:
            return tuple(map(self._parse_item, value))
        if self.type in (int, float) and kind in (int, self.type):  # a bool is no number here
            if self.bounds[0] <= cast("float", value) <= self.bounds[1]:  # false for NaN
                return self.type(value)
        elif self.type is bool and kind is bool:
            return value
        elif self.type is str:
            return _printable(value)
        elif self.choices and isinstance(value, str):
            return self.type(value)
        raise ValueError

    def _parse_item(self, item: object) -> str:
        try:
            text = _printable(item)
            self.check_item(text)
        except ValueError as exc:
            raise WrongItem(item) from exc
        return text


class WrongItem(ValueError):
    """An item that a list cannot contain; it is the argument."""


def _printable(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError
    return value


def _check_pattern(text: str) -> None:
    if text.startswith("#"):  # a comment, which would silently match nothing
        raise ValueError
    GitIgnoreSpec.from_lines([text])  # its own error is a ValueError


def _group(group: OptionGroup, surfaces: tuple[Surface, ...]) -> Callable[..., Any]:
    def row(default: object, help_: str, **more: object) -> object:
        row = {"default": default, "help": help_, "group": group, "surfaces": surfaces, **more}
        return field(default=default, metadata=row)

    return row


_main, _gate = _group(OptionGroup.MAIN, _SCORING), _group(OptionGroup.GATE, _GATING)
_files, _report = _group(OptionGroup.FILES, _SCORING), _group(OptionGroup.REPORT, _SCORING)
_pull, _engine = _group(OptionGroup.PULL_REQUEST, _REVIEW), _group(OptionGroup.ENGINE, _SCORING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, complete and checked."""

    format: Format = _main(Format.TERMINAL, "Report format.", surfaces=_TERMINAL)
    artifact: str = _main(
        "quick",
        "Trained weights: quick, deep or auto; "
        "quick needs no download, deep knows more, auto uses both.",
        expects="'quick', 'deep', 'auto' or a directory",
        metavar="NAME|DIR",
        path=True,
    )
    show: Level = _main(Level.HIGH, "Least level of a finding.", surfaces=_GATING)
    fail_on: FailOn = _main(
        FailOn.NEVER,
        "Least level of a line that blocks; never: report only, errors still fail.",
        surfaces=_GATING,
    )
    exclude: tuple[str, ...] = _main((), "Files to skip.")
    scope: Scope = _main(Scope.ALL, "Authors to score; lines of others are skipped.")
    quiet: bool = _main(
        False, "Print at most three lines if a change passes without findings.", surfaces=_TERMINAL
    )
    fail_on_for: tuple[str, ...] = _gate(
        (),
        "Other limits by path (the last match wins) or by author (only stricter).",
        expects="a list of PATTERN=LEVEL or PATTERN=RISK, where PATTERN may be author:ai (or human,"
        " mixed, automation, unknown) and LEVEL is critical, high, medium or, for a path, never",
        metavar="PATTERN=LEVEL",
        check_item=lambda text: parse_limits((text,)),
    )
    max_risk: float | None = _gate(None, "Lines of higher risk block, too, whatever their level.")
    fail_on_change: float | None = _gate(
        None, "A change of a higher percentile among changes blocks, too.", bounds=(0, 100)
    )
    max_lines_over: int = _gate(0, "Lines that may reach the gate's limit and still pass.")
    gate_scope: Scope = _gate(Scope.ALL, "Authors whose lines can block.")
    min_coverage: float = _gate(1.0, "Minimum share of the eligible lines that must be scored.")
    min_lines: int = _gate(0, "Minimum number of scored lines for the gate to block.")
    ack_top: int = _gate(
        0,
        "Number of riskiest places that somebody must acknowledge before the check passes.",
        bounds=(0, 100),
    )
    include: tuple[str, ...] = _files(
        (), "Files to score although a built-in list or .gitattributes skips them."
    )
    inline_suppressions: bool = _files(False, "Let comments in the code turn scoring off.")
    max_file_bytes: int = _files(
        2_000_000, "Size limit; lines of larger files count as not scored.", bounds=(1, MAX_COUNT)
    )
    max_file_lines: int = _files(
        25_000, "Length limit; lines of longer files count as not scored.", bounds=(1, MAX_COUNT)
    )
    assume: Assume = _files(Assume.UNKNOWN, "Author to assume for lines without evidence.")
    unknown_as_ai: tuple[str, ...] = _files(
        (), "Files in which scopes treat lines of unknown author as AI-written."
    )
    trust_human: bool = _files(
        False, "Let scopes skip people and bots, whose marks can be forged; never on forks."
    )
    calibration: str = _report(
        "auto",
        "Risks of your own merged changes to compare with, from `reviewbot calibrate`.",
        expects="'auto', 'off' or a file",
        metavar="auto|off|FILE",
        path=True,
    )
    top: int = _report(
        TOP,
        "Number of places to look at first.",
        bounds=(0, 10_000),
        surfaces=(*_TERMINAL, Surface.ACTION),
    )
    post: Posting = _pull(
        Posting.AUTO,
        "Comment on the pull request; auto: not from a fork, whose token is read-only.",
    )
    max_comments: int = _pull(
        10, "Maximum number of open comments; the summary has further findings.", bounds=(0, 30)
    )
    comment_when_clean: bool = _pull(
        True, "Post the summary of a change without findings, too: the places to read first."
    )
    resolve_threads: bool = _pull(
        False, "Resolve threads whose finding is gone; needs the permission contents: write."
    )
    check_run: str | None = _pull(None, "Name of a check run to create, with annotations.")
    commit_status: str | None = _pull(None, "Name of a commit status to set.")
    label: str | None = _pull(None, "Label to set while the gate does not pass.")
    bot_login: str = _pull(
        "github-actions[bot]", "Login that the token writes as; only its comments are edited."
    )
    templates: str | None = _pull(
        None,
        "Directory of your own templates; for commits, as the base has them.",
        expects="a directory",
        metavar="DIR",
    )
    engine: Engine = _engine(
        Engine.AUTO, "Inference engine; auto: ONNX int8 if it matches fp32 on this CPU, else torch."
    )
    model: str = _engine(
        "default",
        "Model that reads the code; default: the one that the artifact was trained on.",
        expects="a model name, a hub id or a directory",
        path=True,
    )
    depth: Depth = _engine(
        Depth.TRUNK, "Part of the model to run: its first layers, or all with the output head."
    )
    deep_tokens: int = _engine(
        40_000, "Token budget of auto: how much of a change deep may read.", bounds=(1, MAX_COUNT)
    )
    device: Device = _engine(Device.CPU, "Device that torch runs on.")
    quantize: Quantize = _engine(
        Quantize.NONE, "Quantize a large model with bitsandbytes; needs device cuda."
    )
    dtype: Dtype = _engine(
        Dtype.FP32, "Number format of torch; auto, the default on a GPU: bf16 if it is faster."
    )
    threads: int = _engine(0, "CPU threads; 0: all available cores.", bounds=(0, 1_024))
    server: Server = _engine(Server.AUTO, "Use the model of your running `reviewbot serve`.")
    line_cache: int = _engine(
        64, "Size limit of the cache of scored lines in MiB; 0: no cache.", bounds=(0, 1_000_000)
    )
    cache_dir: str | None = _engine(
        None,
        "Directory of models and caches; unset: the user's cache directory.",
        expects="a directory",
        metavar="DIR",
        path=True,
    )
    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Name of a setting -> where its value came from, in words."""

    def __post_init__(self) -> None:
        """Refuse a text in place of a choice: `settings.server is Server.NEVER` would be false."""
        for setting in SETTINGS.values():
            value = getattr(self, setting.field)
            if setting.choices and not isinstance(value, setting.type):
                raise TypeError(f"{setting.field}={value!r} is no {setting.type.__name__}")


def _setting(declared: Field[Any]) -> Setting:
    """Read a field of `Settings`; what its row does not say follows from its type."""
    kind: Any = declared.type
    if isinstance(kind, UnionType):  # `str | None`
        kind = get_args(kind)[0]
    kind = get_origin(kind) or kind  # `tuple[str, ...]`
    low, high = declared.metadata.get("bounds", (0, 1 if kind is float else MAX_COUNT))
    limit = f" and at most {high}" if high < MAX_COUNT else ""
    choices = tuple(str(member) for member in kind) if issubclass(kind, StrEnum) else ()
    expects, metavar = {
        int: (f"a whole number of at least {low}{limit}", "N"),
        float: (f"a number between {low} and {high}", "NUMBER"),
        bool: ("true or false", ""),
        tuple: ("a list of patterns as in .gitignore", "PATTERN"),
    }.get(kind, (f"one of {', '.join(choices)}" if choices else "a name", "NAME"))
    return Setting(
        **{"name": declared.name.replace("_", "-"), "type": kind, "choices": choices}
        | {"expects": expects, "metavar": metavar, "bounds": (low, high)}
        | {"check_item": _check_pattern}
        | declared.metadata
    )


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {row.name: row for row in (_setting(row) for row in fields(Settings) if row.metadata)}
)


def settings_on(surface: Surface) -> tuple[str, ...]:
    """Return the names of the settings that a command or the action takes."""
    return tuple(name for name, setting in SETTINGS.items() if surface in setting.surfaces)
