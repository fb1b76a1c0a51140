"""Files, environment and flags -> `Settings`. Only this module knows the sources.

Later sources win: the defaults, `[tool.reviewbot]` of pyproject.toml, `.reviewbot.toml`,
`REVIEWBOT_*` variables, flags. A list is replaced, not extended.
"""

import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from reviewbot.config.schema import SETTINGS, Settings, WrongItem
from reviewbot.errors import UsageError, did_you_mean

PREFIX = "REVIEWBOT_"
SETTINGS_FILES = ("pyproject.toml", ".reviewbot.toml")  # the later one wins
NOT_SETTINGS = ("REVIEWBOT_CACHE", "REVIEWBOT_MODEL_PATH")  # the model store reads these
MAX_SETTINGS_BYTES = 1 << 20  # of a settings file
# Values of settings with a path that are no path.
NAMES = ("", "default", "quick", "deep", "auto", "off")
_SWITCHES = dict.fromkeys(("true", "yes", "on", "1"), True)
_SWITCHES |= dict.fromkeys(("false", "no", "off", "0"), False)


class Value(NamedTuple):
    """A value for a setting, not yet checked, and its source in words."""

    value: object
    origin: str


Layer = Mapping[str, Value]  # name of a setting -> what one source says
Read = Callable[[str], bytes | None]  # a file's bytes by its name; None if there is no such file


def load_settings(
    environ: Mapping[str, str], flags: Mapping[str, Any], files: Iterable[Layer] = ()
) -> Settings:
    """Return the settings from all sources; `files` as `from_files` reads them."""
    return settings_from(*files, from_environ(environ), from_flags(flags))


def settings_from(*layers: Layer) -> Settings:
    """Merge the layers, later ones winning. Overruled values are checked, too.

    raises  UsageError for an unknown name, a wrong type or a value out of range
    """
    merged: dict[str, Any] = {}
    origins = dict.fromkeys(SETTINGS, "default")
    for layer in layers:
        for name, (value, origin) in layer.items():
            if name not in SETTINGS:
                raise _unknown(name, SETTINGS, origin)
            try:
                merged[SETTINGS[name].field] = SETTINGS[name].parse(value)
            except ValueError as exc:
                raise _wrong(
                    name, exc.args[0] if isinstance(exc, WrongItem) else value, origin
                ) from exc
            origins[name] = origin
    return Settings(**merged, origins=MappingProxyType(origins))


def from_flags(flags: Mapping[str, Any]) -> Layer:
    """Return what the command line gives; None and () mean "not given".

    flags  name with '_' or '-' -> text, a bool, or a tuple of texts
    """
    layer = {}
    for flag, value in flags.items():
        if value is not None and value != ():
            name = flag.replace("_", "-")
            origin = f"flag --{name}"
            layer[name] = Value(
                _from_text(name, value, origin) if isinstance(value, str) else value, origin
            )
    return layer


def from_environ(environ: Mapping[str, str]) -> Layer:
    """Return what `REVIEWBOT_*` variables give; an empty one counts as not given.

    A list is split at line ends and commas; a switch is true/false, yes/no, on/off or 1/0.
    """
    names = {PREFIX + setting.field.upper(): name for name, setting in SETTINGS.items()}
    layer = {}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS or not text:
            continue
        if variable not in names:
            raise _unknown(variable, [*names, *NOT_SETTINGS], "the environment")
        origin = f"environment variable {variable}"
        layer[names[variable]] = Value(_from_text(names[variable], text, origin), origin)
    return layer


def from_files(root: Path, read: Read | None = None) -> tuple[Layer, Layer]:
    """Return what pyproject.toml and .reviewbot.toml in `root` say; a missing file says nothing.

    read    reads another version of the files instead; paths in them count from `root`
    raises  UsageError for bad TOML, and for a file that is a symbolic link to outside `root`
    """
    whole = _toml(root, "pyproject.toml", read).get("tool", {})
    table = whole.get("reviewbot", {}) if isinstance(whole, dict) else whole
    return (
        _file_layer(root, table, "pyproject.toml [tool.reviewbot]"),
        _file_layer(root, _toml(root, ".reviewbot.toml", read), ".reviewbot.toml"),
    )


def to_toml(settings: Settings) -> str:
    """Return every setting as a line of TOML with its origin as a comment."""
    rows = {}
    for name, setting in SETTINGS.items():
        value = getattr(settings, setting.field)
        rows[name] = f"# {name} is not set" if value is None else f"{name} = {toml_value(value)}"
    width = min(max(map(len, rows.values())), 60)
    return "".join(
        f"{row:<{width}}  # {settings.origins.get(name, 'default')}\n" for name, row in rows.items()
    )


def toml_value(value: object) -> str:
    """Return a value of `Settings` as TOML."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value).lower()


def _file_layer(root: Path, table: object, origin: str) -> Layer:
    if not isinstance(table, dict):
        raise UsageError(
            f"no settings were read: {origin} is not a table", fix="write it as a TOML table"
        )
    layer = {}
    for name, value in table.items():
        if name in SETTINGS and SETTINGS[name].path and isinstance(value, str):
            relative = value.startswith(("./", "../")) or (name != "model" and value[:1] != "~")
            value = str(root / value) if relative and value not in NAMES else value
            if name == "calibration" and value not in NAMES and _leaves(root, value):
                raise _wrong(name, value, f"{origin}; it leads out of {root}")
        layer[name] = Value(value, origin)
    return layer


def _leaves(root: Path, value: str) -> bool:
    """Return True if a path leads out of `root`: the file's author may not be the user."""
    try:
        return not Path(value).resolve().is_relative_to(root.resolve())
    except (OSError, ValueError):  # a NUL, a loop of links
        return True


def _toml(root: Path, name: str, read: Read | None) -> dict[str, Any]:
    doing = f"no settings were read: {root / name}"
    try:
        data = read(name) if read else _read_file(root, root / name, doing)
        return tomllib.loads((data or b"").decode("utf-8-sig"))  # drops a byte order mark
    except tomllib.TOMLDecodeError as exc:
        raise UsageError(f"{doing} is not TOML: {exc}", fix="correct that line") from exc
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise UsageError(f"{doing}:{line}: not UTF-8", fix="save the file as UTF-8") from exc
    except (OSError, RecursionError, ValueError) as exc:
        deep = "its tables are nested too deeply, or a number is too long"
        why = exc.strerror if isinstance(exc, OSError) else deep
        raise UsageError(f"{doing}: {why}", fix="make it readable, or remove it") from exc


def _read_file(root: Path, path: Path, doing: str) -> bytes | None:
    if not path.exists() and not path.is_symlink():
        return None
    real = path.resolve(strict=True)
    if not real.is_relative_to(root.resolve()):
        raise UsageError(f"{doing} is a link that leaves {root}", fix="put the file itself there")
    if not stat.S_ISREG(real.stat().st_mode) or real.stat().st_size > MAX_SETTINGS_BYTES:
        raise UsageError(
            f"{doing} is not a regular file, or is larger than {MAX_SETTINGS_BYTES} bytes",
            fix="make it a small text file",
        )
    return real.read_bytes()


def _from_text(name: str, text: str, origin: str) -> object:
    """Convert the text of a variable or a flag to the setting's type. raises UsageError"""
    try:
        match SETTINGS[name].type.__name__:
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool":
                return _SWITCHES[text.strip().lower()]
            case "tuple":
                return tuple(part.strip() for part in re.split(r"[\n,]", text) if part.strip())
        return text
    except (ValueError, KeyError) as exc:
        raise _wrong(name, text, origin) from exc


def _wrong(name: str, value: object, origin: str) -> UsageError:
    setting = SETTINGS[name]
    hint = did_you_mean(value, setting.choices) if isinstance(value, str) else ""
    return UsageError(
        f"nothing was checked: {name} cannot be {_short(value)} ({origin})",
        fix=f"{hint}give {setting.expects}",
    )


def _unknown(name: str, known: Iterable[str], origin: str) -> UsageError:
    names = list(known)
    fix = did_you_mean(name, names, cutoff=0.6).rstrip() or f"use one of: {', '.join(names)}"
    if name == "tool" and origin.endswith(SETTINGS_FILES[1]):
        fix = "keys are at the top level of this file, without [tool.reviewbot]"
    return UsageError(
        f"nothing was checked: no setting is named {_short(name)} ({origin})", fix=fix
    )


def _short(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 1_000:
        return "so long a number"
    value = ", ".join(map(str, value)) if isinstance(value, tuple) else value  # of a flag
    if isinstance(value, bool):
        return str(value).lower()  # as TOML writes it
    text = ascii(value) if isinstance(value, str) else ascii(str(value))[1:-1]
    return text if len(text) <= 80 else text[:77] + "..."
