"""Where settings come from: files, the environment, flags. Each becomes a layer of given values."""

import re
import stat
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from reviewbot.config.refused import unknown, wrong
from reviewbot.config.schema import RULES
from reviewbot.errors import UsageError

PREFIX = "REVIEWBOT_"
SETTINGS_FILES = ("pyproject.toml", ".reviewbot.toml")  # the later one wins
NOT_SETTINGS = ("REVIEWBOT_CACHE", "REVIEWBOT_MODEL_PATH")  # the model store reads these
MAX_SETTINGS_BYTES = 1 << 20  # of a settings file
ENCODING = "utf-8-sig"  # some editors put a byte order mark in front; this drops one


class Given(NamedTuple):
    """A value that a source gave for a setting, and the words for that source."""

    value: object
    origin: str


Layer = Mapping[str, Given]  # key in kebab-case -> what was given


def from_flags(flags: Mapping[str, Any]) -> Layer:
    """Return what the command line gave; None and () mean "not given".

    flags  key with '_' or '-' -> text, a bool, or a tuple of texts
    """
    layer = {}
    for name, value in flags.items():
        if value is not None and value != ():
            key = name.replace("_", "-")
            origin = f"flag --{key}"
            typed = _typed(key, value, origin) if isinstance(value, str) else value
            layer[key] = Given(typed, origin)
    return layer


def from_environ(environ: Mapping[str, str]) -> Layer:
    """Return what `REVIEWBOT_*` variables give; an empty one counts as not given.

    A list is split at line ends and commas; a switch is true/false, yes/no, on/off or 1/0.
    """
    names = {PREFIX + key.replace("-", "_").upper(): key for key in RULES}
    layer = {}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS or not environ[name]:
            continue
        origin = f"environment variable {name}"
        if name not in names:
            raise unknown(name, [*names, *NOT_SETTINGS], "the environment")
        layer[names[name]] = Given(_typed(names[name], environ[name], origin), origin)
    return layer


Read = Callable[[str], bytes | None]  # a file's bytes by name; None where there is none


def from_files(root: Path, read: Read | None = None) -> tuple[Layer, Layer]:
    """Return what pyproject.toml and .reviewbot.toml in `root` say; a missing file says nothing.

    read    gives the files instead, from another version of them; paths in them count from `root`

    raises  UsageError for bad TOML, and for a file that lies, by a symlink, outside `root`
    """
    whole = _toml(root, "pyproject.toml", read).get("tool", {})
    table = whole.get("reviewbot", {}) if isinstance(whole, dict) else whole
    return (
        _file_layer(root, table, "pyproject.toml [tool.reviewbot]"),
        _file_layer(root, _toml(root, ".reviewbot.toml", read), ".reviewbot.toml"),
    )


# Values that name something inside the package, where others name a path.
NAMES = ("", "default", "tiny", "small", "base", "auto", "off")


def _file_layer(root: Path, table: object, origin: str) -> Layer:
    if not isinstance(table, dict):
        raise UsageError(
            f"no settings were read: {origin} is not a table", fix="write it as a TOML table"
        )
    layer = {}
    for key, value in table.items():
        if key in RULES and RULES[key].path and isinstance(value, str):
            value = _from_root(root, key, value)
            if key == "recent" and value not in NAMES and _leaves(root, value):
                raise wrong(key, value, f"{origin}; it leads out of {root}")
        layer[key] = Given(value, origin)
    return layer


def _from_root(root: Path, key: str, value: str) -> str:
    relative = value.startswith(("./", "../")) if key == "model" else not value.startswith("~")
    return str(root / value) if relative and value not in NAMES else value


def _leaves(root: Path, value: str) -> bool:
    """Return True if a path leads out of `root`: who wrote the file may not be who runs us."""
    try:
        return not Path(value).resolve().is_relative_to(root.resolve())
    except (OSError, ValueError):  # a NUL, a ring of links
        return True


def _toml(root: Path, name: str, read: Read | None) -> dict[str, Any]:
    path = root / name
    doing = f"no settings were read: {path}"
    try:
        if read is not None:
            return tomllib.loads((read(name) or b"").decode(ENCODING))
        if not path.exists() and not path.is_symlink():
            return {}
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve()):
            raise UsageError(
                f"{doing} is a link that leaves {root}", fix="put the file itself there"
            )
        size, mode = real.stat().st_size, real.stat().st_mode
        if not stat.S_ISREG(mode) or size > MAX_SETTINGS_BYTES:
            raise UsageError(
                f"{doing} is no regular file, or is larger than {MAX_SETTINGS_BYTES} bytes",
                fix="make it a small text file",
            )
        return tomllib.loads(real.read_bytes().decode(ENCODING))
    except tomllib.TOMLDecodeError as exc:
        raise UsageError(f"{doing} is not TOML: {exc}", fix="correct that line") from exc
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise UsageError(f"{doing}:{line}: not UTF-8", fix="save the file as UTF-8") from exc
    except (OSError, RecursionError, ValueError) as exc:
        deep = "its tables are nested too deeply, or a number is too long"
        why = exc.strerror if isinstance(exc, OSError) else deep
        raise UsageError(f"{doing}: {why}", fix="make it readable, or remove it") from exc


_SWITCHES = {"true": True, "yes": True, "on": True, "1": True} | {
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def _typed(key: str, text: str, origin: str) -> object:
    """Read the text of a variable or a flag; UsageError where it is not of the setting's kind."""
    try:
        match RULES[key].kind:
            case kind if kind in (int, float):
                return kind(text)
            case kind if kind is bool:
                return _SWITCHES[text.strip().lower()]
            case kind if kind is tuple:
                return tuple(part.strip() for part in re.split(r"[\n,]", text) if part.strip())
            case _:
                return text
    except (ValueError, KeyError) as exc:
        raise wrong(key, text, origin) from exc
