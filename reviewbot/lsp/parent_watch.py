"""Tells when the process that started the server is dead.

Its end of the pipe may stay open: whatever else it has started can hold it.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

LOOK_SECONDS = 3.0  # between two looks


def when_dead(process_id: int, act: Callable[[], None]) -> None:
    """Call `act` once, on a thread of its own, when no living process has this number."""

    def look() -> None:
        time.sleep(LOOK_SECONDS)  # so that `initialize` is answered in any case
        while alive(process_id):
            time.sleep(LOOK_SECONDS)
        act()

    threading.Thread(target=look, name="watching", daemon=True).start()


if sys.platform == "win32":
    import ctypes

    _SYNCHRONIZE, _ACCESS_DENIED, _TIMEOUT = 0x0010_0000, 5, 0x102

    def alive(process_id: int) -> bool:
        """Return True if a process above 0 lives. `os.kill(..., 0)` would send it Ctrl-C."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = kernel.OpenProcess(_SYNCHRONIZE, False, process_id & 0xFFFF_FFFF)
        if not handle:
            return ctypes.get_last_error() == _ACCESS_DENIED
        try:
            return bool(kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == _TIMEOUT)
        finally:
            kernel.CloseHandle(ctypes.c_void_p(handle))

else:

    def alive(process_id: int) -> bool:
        """Return True if a process has this number, which is above 0.

        On Linux a dead one whose parent has not asked for its exit code does not count.
        """
        try:
            os.kill(process_id, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:  # it is somebody else's
            return True
        try:
            state = Path(f"/proc/{process_id}/stat").read_bytes().rpartition(b")")[2].split()[0]
        except (OSError, IndexError):  # no Linux, or it died meanwhile: the next look tells
            return True
        return state not in (b"Z", b"X")
