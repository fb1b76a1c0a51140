"""Notices that the process that started the server is dead.

Its end of the pipe may stay open, because another process that it started can hold it.
"""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

LOOK_SECONDS = 3.0  # between two checks


def when_dead(process_id: int, act: Callable[[], None]) -> None:
    """Call `act` once, on its own thread, when no living process has this number.

    Windows is not watched: there `os.kill(number, 0)` would end the process.
    """
    if os.name == "nt":
        return

    def look() -> None:
        time.sleep(LOOK_SECONDS)  # first let `initialize` be answered
        while alive(process_id):
            time.sleep(LOOK_SECONDS)
        act()

    threading.Thread(target=look, name="watching", daemon=True).start()


def alive(process_id: int) -> bool:
    """Return True if a living process has this number (above 0). On Linux a zombie is dead."""
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # the process of another user
        return True
    try:
        state = Path(f"/proc/{process_id}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except (OSError, IndexError):  # not Linux, or it died meanwhile: look again later
        return True
    return state not in (b"Z", b"X")
