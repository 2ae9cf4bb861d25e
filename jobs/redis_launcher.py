"""Becomes a redis-server that ends when the program that started it ends, however it ends.

Run as a script of its own (`python redis_launcher.py PARENT_PID redis-server ...`), it imports nothing of
ours, so that it is up in milliseconds. The kernel sends SIGTERM at the parent's death (prctl(2),
PR_SET_PDEATHSIG), which outlives the exec. Doing this in `preexec_fn` is unsafe in a program with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Tie this process to the parent named first, then become the command that follows."""
    parent, *command = arguments
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        # The parent may have died before the line above.
        if os.getppid() != int(parent):
            return
    # In a group of its own, so that a Ctrl-C in the terminal lets the program flush before Redis goes.
    os.setpgid(0, 0)
    os.execv(command[0], command)  # noqa: S606  (the whole purpose)


if __name__ == "__main__":
    main(sys.argv[1:])
