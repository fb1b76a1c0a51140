"""Settings: one frozen value made by one pure function, and where each part of it came from.

Sources, later ones winning: the defaults, `[tool.reviewbot]` of pyproject.toml, `.reviewbot.toml`,
`REVIEWBOT_*` variables, flags. A list is replaced, not extended. Keys are spelled as the flags are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from reviewbot.config.load import SETTINGS_FILES, Given, Layer, from_environ, from_files, from_flags
from reviewbot.config.refused import unknown, wrong
from reviewbot.config.schema import FORMATS, POSTING, RULES

__all__ = [
    "FORMATS",
    "POSTING",
    "RULES",
    "SETTINGS_FILES",
    "Given",
    "Layer",
    "Settings",
    "describe",
    "from_environ",
    "from_files",
    "from_flags",
    "settings_from",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, complete and checked. The words that users read stand in `RULES`."""

    model: str = "default"
    artifact: str = "default"
    depth: str = "trunk"
    max_risk: float | None = None
    max_risk_for: tuple[str, ...] = ()
    max_lines_over: int = 0
    min_coverage: float = 1.0
    min_lines: int = 0
    informational: bool = False
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    scope: str = "all"
    gate_scope: str = "all"
    unknown_as_ai: tuple[str, ...] = ()
    assume: str = "unknown"
    trust_human: bool = False
    inline_suppressions: bool = False
    max_file_bytes: int = 2_000_000
    max_file_lines: int = 25_000
    format: str = "terminal"
    engine: str = "auto"
    device: str = "cpu"
    quantize: str = "none"
    threads: int = 0
    dtype: str = "fp32"
    post: str = "auto"
    max_comments: int = 10
    comment_when_clean: bool = False
    resolve_threads: bool = False
    check_run: str | None = None
    commit_status: str | None = None
    label: str | None = None
    bot_login: str = "github-actions[bot]"
    templates: str | None = None
    cache_dir: str | None = None
    recent: str = "auto"
    line_cache: int = 64
    server: str = "auto"
    quiet: bool = False
    top: int = 10
    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Key as users spell it -> where its value came from, in words."""


def settings_from(*layers: Layer) -> Settings:
    """Merge the layers, later ones winning, and check every value, the overruled ones too.

    raises  UsageError for an unknown key, a wrong type or a value out of range
    """
    merged: dict[str, Any] = {}
    origins = dict.fromkeys(RULES, "default")
    for layer in layers:
        for key, (value, origin) in layer.items():
            if key not in RULES:
                raise unknown(key, RULES, origin)
            try:
                merged[key.replace("-", "_")] = RULES[key].check(value)
            except ValueError as exc:
                raise wrong(key, value, origin, exc) from exc
            origins[key] = origin
    return Settings(**merged, origins=MappingProxyType(origins))


def describe(settings: Settings) -> str:
    """Return every setting as a line of TOML with its origin behind it, in the order of `RULES`."""
    rows = []
    for key in RULES:
        value = getattr(settings, key.replace("-", "_"))
        rows.append(
            (f"{key} = {_as_toml(value)}" if value is not None else f"# {key} is not set", key)
        )
    width = min(max(len(left) for left, _ in rows), 60)
    return "".join(
        f"{left:<{width}}  # {settings.origins.get(key, 'default')}\n" for left, key in rows
    )


def _as_toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _quote(value)
        case tuple():
            return f"[{', '.join(_quote(part) for part in value)}]"
        case _:
            return str(value)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
