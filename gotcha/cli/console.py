"""Where the command line writes: results to standard output, everything else to standard error."""

from __future__ import annotations

from rich.console import Console

# Tables that go into a file or a pipe are not squeezed into the 80 columns rich assumes there.
_PIPED_WIDTH = 200


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    return console


def out() -> Console:
    """The console for results; made anew, as tests and pipes exchange the stream."""
    return _console(stderr=False)


def err() -> Console:
    """The console for progress, notices and errors."""
    return _console(stderr=True)
