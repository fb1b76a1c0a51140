"""What a change may say about its own check: only what makes the check stricter."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from reviewbot.authorship.model import Scope
from reviewbot.config.levels import FailOn
from reviewbot.config.load import Layer, settings_from
from reviewbot.config.schema import SETTINGS, Settings
from reviewbot.config.thresholds import authors_in
from reviewbot.errors import UsageError

ORIGIN = "the change's own file, being stricter"


def _wider(left: Scope, right: Scope) -> Scope:
    return max(left, right, key=(Scope.AI, Scope.AI_UNKNOWN, Scope.ALL).index)


def _lower(left: FailOn, right: FailOn) -> FailOn:
    return max(left, right, key=(FailOn.NEVER, FailOn.CRITICAL, FailOn.HIGH, FailOn.MEDIUM).index)


def _lower_limit(left: float | None, right: float | None) -> float | None:
    return min((limit for limit in (left, right) if limit is not None), default=None)


def _with_authors(current: tuple[str, ...], own: tuple[str, ...]) -> tuple[str, ...]:
    """Add limits for authors; one for a path could be laxer than what it replaces."""
    return (*current, *(text for text in authors_in(own) if text not in current))


STRICTER: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "show": min,
        "fail-on": _lower,
        "fail-on-for": _with_authors,
        "max-risk": _lower_limit,
        "fail-on-change": _lower_limit,
        "max-lines-over": min,
        "min-coverage": max,
        "min-lines": min,
        "ack-top": max,
        "inline-suppressions": min,  # of switches: on only if both are on
        "trust-human": min,
        "scope": _wider,
        "gate-scope": _wider,
    }
)


def tighten(settings: Settings, *layers: Layer) -> tuple[Settings, list[str]]:
    """Return the settings with the values of a change that are stricter, and their names.

    layers   what the change's settings files say; nothing if a value in them is wrong
    """
    try:
        own = settings_from(*layers)
    except UsageError:
        return settings, []
    changed: dict[str, Any] = {}
    for name, stricter in STRICTER.items():
        current = getattr(settings, SETTINGS[name].field)
        if any(name in layer for layer in layers):
            value = stricter(current, getattr(own, SETTINGS[name].field))
            if value != current:
                changed[name] = value
    origins = MappingProxyType({**settings.origins, **dict.fromkeys(changed, ORIGIN)})
    values = {SETTINGS[name].field: value for name, value in changed.items()}
    return replace(settings, **values, origins=origins), sorted(changed)
