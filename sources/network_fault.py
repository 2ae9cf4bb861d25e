"""What a failed connection means: no such name, no way there, nobody who answers."""

from __future__ import annotations

import errno
import socket

from pipeline.errors import SourceFault

_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})


def network_fault(error: BaseException) -> SourceFault | None:
    """The reason of a connection that did not come about; None where the error does not say it.

    Libraries wrap what the system said; its own error is somewhere below.
    """
    below: BaseException | None = error
    for _depth in range(8):
        if below is None:
            return None
        if isinstance(below, socket.gaierror):
            return SourceFault.NO_NAME
        if isinstance(below, OSError) and below.errno in _NO_ROUTE:
            return SourceFault.NO_ROUTE
        if isinstance(below, (ConnectionRefusedError, TimeoutError)):
            return SourceFault.NO_ANSWER
        below = below.__cause__ or below.__context__
    return None
