"""Every failure a user can act on, with its exit code, on one page.

Exit codes: 0 pass, 1 the gate blocks, 2 wrong usage or configuration, 3 coverage incomplete (a line
that should have been scored was not), 4 the environment failed (model, network, disk, memory), 5 an
item of `map` failed, 70 our bug. 1 and 3 belong to verdicts, not to errors (see `report.gate`). No
failure is 0.
"""

import copyreg
import errno
from collections.abc import Iterable
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

EXIT_PASS = 0
EXIT_BLOCK = 1
EXIT_USAGE = 2
EXIT_INCOMPLETE = 3
EXIT_ENVIRONMENT = 4
EXIT_ITEMS = 5
EXIT_BUG = 70


class ReviewbotError(Exception):
    """A failure the user can act on, printed in two lines.

    what  what happened and what was therefore not done
    fix   what to do about it
    """

    exit_code = EXIT_ENVIRONMENT

    def __init__(self, what: str, *, fix: str) -> None:
        super().__init__(f"{' '.join(what.split())}\n  fix: {' '.join(fix.split())}")
        self.what = what
        self.fix = fix

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what another process makes an equal error of; `fix` is no argument by position."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class UsageError(ReviewbotError):
    """A wrong argument, setting, revision or diff."""

    exit_code = EXIT_USAGE


class ModelUnavailable(ReviewbotError):
    """No source could give the model's bytes, or the bytes are not the official ones."""


class EngineUnfit(ModelUnavailable):
    """An engine that cannot compute this model here correctly; another engine may."""

    def __init__(self, why: str, *, fix: str = "use --engine torch") -> None:
        super().__init__(f"nothing was scored: {why}", fix=fix)
        self.why = why


class ArtifactError(ReviewbotError):
    """A model bundle that does not match its manifest, or the model in use."""


class MissingExtra(ReviewbotError):
    """An optional dependency is not installed."""


class EnvironmentFailure(ReviewbotError):
    """Disk, memory, permissions, or a program we need, failed."""


# Advice by errno. The first table is about the machine, the second about the path a user gave.
MACHINE_FIXES = {
    errno.ENOSPC: "free some disk space",
    errno.EDQUOT: "free some disk space: your quota is used up",
    errno.EFBIG: "free some disk space, or raise the limit of file sizes",
    errno.EROFS: "choose a writable path",
    errno.EACCES: "give yourself access to it",
    errno.EPERM: "give yourself access to it",
    errno.EIO: "check the disk",
    errno.ENOMEM: "free some memory",
    errno.EMFILE: "raise the limit of open files",
    errno.ENFILE: "raise the limit of open files",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EPIPE: "let the reader of the output read to the end",
}
PATH_FIXES = {
    errno.ENOENT: "create its directory first",
    errno.ENOTDIR: "choose a path below a directory",
    errno.EISDIR: "name a file, not a directory",
}


def os_fix(exc: OSError, default: str) -> str:
    """Return what to do about a failure of the operating system."""
    return (MACHINE_FIXES | PATH_FIXES).get(exc.errno or 0, default)


TORCH = ("torch", "transformers")
EXTRAS = {  # extra -> its modules; pyproject.toml names the distributions
    "torch": TORCH,
    "train": (*TORCH, "sklearn", "scipy"),
    "corpus": ("datasets", "detect_secrets", "license_expression", "licenseclassifier", "rensa"),
    "quantize": (*TORCH, "accelerate", "bitsandbytes"),
    "lsp": ("pygls", "lsprotocol"),
    "ray": ("ray",),
}


def missing(modules: Iterable[str]) -> list[str]:
    """Return the modules that are not installed, without importing any."""
    return [name for name in modules if find_spec(name) is None]


def install(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install 'reviewbot-risk[{extra}]'"


def require(modules: Iterable[str], what: str, *, extra: str) -> None:
    """Refuse to begin without some modules. Imports none: torch takes seconds.

    what    what is therefore not done
    extra   a key of `EXTRAS` that installs the modules
    raises  MissingExtra
    """
    if lacking := missing(modules):
        raise MissingExtra(f"{what}: not installed: {', '.join(lacking)}", fix=install(extra))


MAX_CHARS = 100  # of an unknown name that are compared


def did_you_mean(word: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    """Return "did you mean 'NAME'? " with the name most like `word`, or "". Ignores case.

    The trailing space separates it from further advice.
    cutoff  share of characters in common, see `difflib.get_close_matches`
    """
    known = {name.lower(): name for name in names}
    near = get_close_matches(word[:MAX_CHARS].lower(), known, n=1, cutoff=cutoff)
    return f"did you mean {known[near[0]]!r}? " if near else ""
