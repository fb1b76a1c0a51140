"""The manifest of `map`: a change or a repository per line, and which process does which line."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from reviewbot.app.inputs import read_bounded
from reviewbot.errors import UsageError

MAX_BYTES = 100_000_000  # of a manifest
DIGITS = 64  # of a key
MAX_TEXT = 4_000  # characters of a path, an address or a range
DOING = "nothing was scored"
FIXED = {  # a result must not depend on the machine, nor on what was read there before
    **{"calibration": "off", "server": "never", "line-cache": "0"},
    **{"format": "json", "quiet": "no"},
}
_SCHEME = re.compile(r"https?://")
_FIX = 'write one {"repo": PATH, "range": "BASE..HEAD"} per line; docs/map.md explains both'


@dataclass(frozen=True, slots=True)
class Item:
    """A change of a repository."""

    repo: str  # as in the manifest
    range: str = ""  # "BASE..HEAD"; "": the newest merged changes, an item each

    @property
    def json(self) -> dict[str, str]:
        """The item as it is in the manifest."""
        return {name: text for name, text in asdict(self).items() if text}

    def folder(self, root: Path) -> Path:
        """Return where the repository is: a path, or an address without its scheme, in `root`."""
        return root / _SCHEME.sub("", self.repo)

    def key(self, run: str) -> str:
        """Return the name of the result, DIGITS hex digits.

        run   what else decides the result
        """
        text = json.dumps([self.repo, self.range, run])
        return hashlib.sha256(text.encode("ascii")).hexdigest()


class Share(NamedTuple):
    """One of `world` processes that divide a manifest; `rank` counts from 0."""

    rank: int = 0
    world: int = 1

    def holds(self, line: Item) -> bool:
        """Return True if this process does a line. The order of the lines does not matter."""
        return int(line.key("share"), 16) % self.world == self.rank

    def part(self, rank: int, world: int) -> "Share":
        """Return a part of this share. raises UsageError if there is no such part"""
        if rank >= world:
            raise UsageError(
                f"{DOING}: process {rank} of {world} cannot be: the first one is 0",
                fix="start it by torchrun or sbatch --array",
            )
        return Share(self.rank * world + rank, self.world * world)


def share_of(environ: Mapping[str, str]) -> Share:
    """Return the share of a process that a SLURM array started, or torchrun, or one in the other.

    raises  UsageError if a variable is missing or no number, or the array has gaps
    """
    share = Share()
    if "SLURM_ARRAY_TASK_ID" in environ:
        names = ("ID", "MIN", "MAX", "COUNT")
        own, first, last, count = (_number(environ, f"SLURM_ARRAY_TASK_{one}") for one in names)
        if last - first + 1 != count:
            raise UsageError(
                f"{DOING}: the SLURM array has {count} tasks between {first} and {last}, so some"
                " lines would be nobody's",
                fix="give an array without gaps, such as --array=0-99",
            )
        share = share.part(own - first, count)
    if "RANK" in environ:
        share = share.part(_number(environ, "RANK"), _number(environ, "WORLD_SIZE"))
    return share


def neighbours(environ: Mapping[str, str]) -> int:
    """Return how many processes torchrun started on this machine, or 1. raises UsageError"""
    return _number(environ, "LOCAL_WORLD_SIZE") if "LOCAL_WORLD_SIZE" in environ else 1


def _number(environ: Mapping[str, str], name: str) -> int:
    text = environ.get(name, "")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise UsageError(
            f"{DOING}: the environment variable {name} is {text[:20]!r}, not a number",
            fix="start it by torchrun or sbatch --array, or unset RANK and SLURM_ARRAY_TASK_ID",
        )
    return int(text)


def read_manifest(name: str) -> list[Item]:
    """Return the lines of a manifest, each once; `name` may be "-" for stdin.

    raises  UsageError for a line that is no item, and for a manifest without one;
            EnvironmentFailure if it cannot be read
    """
    raw = read_bounded(name, MAX_BYTES, doing=DOING, what="a manifest")
    if len(raw) > MAX_BYTES:
        fix = "split it into several manifests"
        raise UsageError(f"{DOING}: {name} is larger than {MAX_BYTES // 1_000_000} MB", fix=fix)
    lines = enumerate(raw.split(b"\n"), 1)
    items = [item_of(line, f"{name}:{number}") for number, line in lines if line.strip()]
    if not items:
        raise UsageError(f"{DOING}: {name} holds no line", fix=_FIX)
    return list(dict.fromkeys(items))


def item_of(line: bytes, where: str) -> Item:
    """Return the item of a line. raises UsageError"""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"{DOING}: {where} is not JSON", fix=_FIX) from exc
    return item_from(value, where)


def item_from(value: object, where: str) -> Item:
    """Return the item of a decoded object. raises UsageError"""
    known = asdict(Item(""))
    if not isinstance(value, dict) or not {"repo"} <= value.keys() <= known.keys():
        keys = ", ".join(map(ascii, sorted(value)))[:200] if isinstance(value, dict) else "none"
        raise UsageError(f"{DOING}: {where} has the keys: {keys}", fix=_FIX)
    for key, text in value.items():
        if not isinstance(text, str) or not 0 < len(text) <= MAX_TEXT or not text.isprintable():
            why = f"must be a printable text of at most {MAX_TEXT:,} characters"
            raise UsageError(f"{DOING}: {where}: {key} {why}", fix=_FIX)
    item = Item(**value)
    if item.range and ".." not in item.range:
        raise UsageError(f"{DOING}: {where}: {item.range[:100]!r} is no BASE..HEAD", fix=_FIX)
    if "://" in item.repo and ("@" in item.repo or not _SCHEME.match(item.repo)):
        why = "an address must begin with https:// and name no user or password"
        raise UsageError(f"{DOING}: {where}: {why}", fix="write https://HOST/PATH, or a path")
    return item
