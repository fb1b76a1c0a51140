"""What a change may say about its own check: only what makes the check stricter."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from reviewbot.authorship.model import Scope
from reviewbot.config.load import Layer, settings_from
from reviewbot.config.schema import SETTINGS, Settings
from reviewbot.errors import UsageError

ORIGIN = "the change's own file, being stricter"


def _wider(left: Scope, right: Scope) -> Scope:
    return max(left, right, key=(Scope.AI, Scope.AI_UNKNOWN, Scope.ALL).index)


STRICTER: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "max-risk": min,
        "max-lines-over": min,
        "min-coverage": max,
        "min-lines": min,
        "informational": min,  # of switches: on only if both are on
        "inline-suppressions": min,
        "trust-human": min,
        "scope": _wider,
        "gate-scope": _wider,
    }
)


def tighten(settings: Settings, *layers: Layer) -> tuple[Settings, list[str]]:
    """Return the settings with the values of a change that are stricter, and their names.

    layers   what the change's settings files say; nothing if a value in them is wrong

    If nobody set `max-risk`, the artifact's threshold applies, which is not known here; so the
    change's own value only counts if `settings` has one.
    """
    try:
        own = settings_from(*layers)
    except UsageError:
        return settings, []
    changed: dict[str, Any] = {}
    for name, stricter in STRICTER.items():
        current = getattr(settings, SETTINGS[name].field)
        if current is not None and any(name in layer for layer in layers):
            value = stricter(current, getattr(own, SETTINGS[name].field))
            if value != current:
                changed[name] = value
    origins = MappingProxyType({**settings.origins, **dict.fromkeys(changed, ORIGIN)})
    values = {SETTINGS[name].field: value for name, value in changed.items()}
    return replace(settings, **values, origins=origins), sorted(changed)
