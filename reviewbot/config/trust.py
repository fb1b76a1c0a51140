"""What a change may say about its own check: only what makes it stricter."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from reviewbot.config.settings import Layer, Settings, settings_from
from reviewbot.errors import UsageError

_WIDTH = {"ai": 0, "ai+unknown": 1, "all": 2}


def _wider(one: str, other: str) -> str:
    return max(one, other, key=_WIDTH.__getitem__)


def _lower(one: float | None, other: float | None) -> float | None:
    known = [value for value in (one, other) if value is not None]
    return min(known, default=None)


STRICTER: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "max-lines-over": min,
        "min-coverage": max,
        "min-lines": min,
        "informational": lambda one, other: one and other,
        "inline-suppressions": lambda one, other: one and other,
        "trust-human": lambda one, other: one and other,
        "scope": _wider,
        "gate-scope": _wider,
    }
)


def tighten(settings: Settings, *layers: Layer) -> tuple[Settings, list[str]]:
    """Return the settings with whatever of a change's own is stricter, and the keys of it.

    layers   what the change's settings files say; where they cannot be used they say nothing

    `max-risk` that nobody set is the artifact's, which is not known here; so the change's own
    counts only beside one that is set.
    """
    try:
        own = settings_from(*layers)
    except UsageError:
        return settings, []
    given = {key for layer in layers for key in layer}
    changed: dict[str, Any] = {}
    for key in STRICTER:
        name = key.replace("-", "_")
        if key in given:
            value = STRICTER[key](getattr(settings, name), getattr(own, name))
            if value != getattr(settings, name):
                changed[name] = value
    if "max-risk" in given and settings.max_risk is not None:
        value = _lower(settings.max_risk, own.max_risk)
        if value != settings.max_risk:
            changed["max_risk"] = value
    keys = sorted(name.replace("_", "-") for name in changed)
    origins = {**settings.origins, **dict.fromkeys(keys, "the change's own file, being stricter")}
    return replace(settings, **changed, origins=MappingProxyType(origins)), keys
