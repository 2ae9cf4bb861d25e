"""Who sits at the command line, for the access log and the history."""

from __future__ import annotations

import getpass
import os
import socket


def operator() -> str:
    """The user and the machine, such as anna@gate-pc."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have a number and no name.
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
