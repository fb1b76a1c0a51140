"""The clock of tests that bound how long something takes."""

import os


def cpu_seconds() -> float:
    """Return the CPU time that this process and the children it has waited for have used.

    Other work on the same cores, such as a second worker of pytest-xdist, does not count.
    """
    return sum(os.times()[:4])
