"""What goes into the log: sentences for people, no passwords, and no number plates above debug."""

from __future__ import annotations

import logging
import re

from rich.logging import RichHandler

from gotcha.cli.console import err
from sources.redact import redact

# Digits, one syllable, four digits: a Korean plate wherever it stands, also inside another word.
_KOREAN_PLATE = re.compile(r"\d{1,3}\s?[가-힣]\s?\d{4}(?!\d)")
_OUR_LOGGERS = ("gotcha", "jobs", "pipeline", "simulator", "sources", "storage", "trackers", "vision", "web")


class GuardedFormatter(logging.Formatter):
    """Formats a record whole, its traceback included, and takes out what must not be kept in a log."""

    def format(self, record: logging.LogRecord) -> str:
        text = redact(super().format(record))
        return text if record.levelno <= logging.DEBUG else _KOREAN_PLATE.sub("[plate]", text)


def set_up_logs(*, verbose: bool) -> None:
    """Send all logs to standard error: in colour on a terminal, else one plain line with its time each.

    Args:
        verbose: ours down to debug, which may show number plates; otherwise from info on.
    """
    console = err()
    handler: logging.Handler
    if console.is_terminal:
        handler = RichHandler(console=console, show_path=verbose, markup=False, log_time_format="%H:%M:%S")
        handler.setFormatter(GuardedFormatter("%(message)s"))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(GuardedFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries speak up only about trouble: at info RQ logs each job, httpx each request with its address.
    root.setLevel(logging.WARNING)
    for name in _OUR_LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.INFO)
