"""Every failure a user can act on, with its exit code, on one page.

Exit codes: 0 pass, 1 the gate blocks, 2 wrong usage or configuration, 3 coverage incomplete (a line
that should have been scored was not), 4 the environment failed (model, network, disk, memory), 70
our bug. 1 and 3 belong to verdicts, not to errors (see `core.gate`). Nothing that goes wrong is 0.
"""

EXIT_PASS = 0
EXIT_BLOCK = 1
EXIT_USAGE = 2
EXIT_INCOMPLETE = 3
EXIT_ENVIRONMENT = 4
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


class UsageError(ReviewbotError):
    """A wrong argument, setting, revision or diff."""

    exit_code = EXIT_USAGE


class ModelUnavailable(ReviewbotError):
    """No source could give the model's bytes, or the bytes are not the official ones."""


class EngineUnfit(ModelUnavailable):
    """An engine that cannot compute this model here as it should; another one may."""


class ArtifactError(ReviewbotError):
    """A model bundle that does not match its manifest, or the model in use."""


class MissingExtra(ReviewbotError):
    """An optional dependency is not installed."""


class EnvironmentFailure(ReviewbotError):
    """Disk, memory, permissions, or a program we need, failed."""
