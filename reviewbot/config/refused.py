"""How a setting that cannot be used is reported."""

from collections.abc import Iterable

from reviewbot.config.schema import RULES, WrongPart
from reviewbot.errors import UsageError, did_you_mean


def wrong(key: str, value: object, origin: str, why: ValueError | None = None) -> UsageError:
    """Return the error for a value; `why` is what `Rule.check` raised."""
    rule = RULES[key]
    value = why.args[0] if isinstance(why, WrongPart) else value
    hint = did_you_mean(value, rule.choices) if isinstance(value, str) else ""
    return UsageError(
        f"nothing was checked: {key} cannot be {_short(value)} ({origin})",
        fix=f"{hint}give {rule.says}",
    )


def unknown(key: str, known: Iterable[str], origin: str) -> UsageError:
    """Return the error for a setting or variable that is not one of `known`."""
    names = list(known)
    return UsageError(
        f"nothing was checked: no setting is named {_short(key)} ({origin})",
        fix=did_you_mean(key, names, cutoff=0.5).rstrip() or f"use one of: {', '.join(names)}",
    )


def _short(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 1_000:
        return "so long a number"
    value = ", ".join(map(str, value)) if isinstance(value, tuple) else value  # of a flag
    text = ascii(value) if isinstance(value, str) else ascii(str(value))[1:-1]
    return text if len(text) <= 80 else text[:77] + "..."
