"""The dashboard that `gotcha run` brings along, in a process of its own beside the cameras."""

from __future__ import annotations

import logging
import os
import signal
import threading

from gotcha.child_process import ChildProcess, tie_to_parent
from gotcha.config import Config
from pipeline.errors import GotchaError

_log = logging.getLogger(__name__)


class WebProcess(ChildProcess):
    """Serves the dashboard; a page that takes long never holds up a camera.

    Args:
        config: whose dashboard.
        redis_url: the queue's Redis, an embedded one's too.
    """

    def __init__(self, config: Config, redis_url: str) -> None:
        super().__init__("the dashboard", serve_web, (config, redis_url, os.getpid()))


def serve_web(config: Config, redis_url: str, parent: int) -> None:
    """What the process does: serve until SIGTERM, or until the program that started it is gone."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    if not tie_to_parent(parent):
        return
    from gotcha.cli.logs import set_up_logs
    from gotcha.web_server import serve

    set_up_logs(verbose=False)
    try:
        serve(config, redis_url, stop)
    except GotchaError as error:
        _log.error("%s; the cameras are watched all the same", str(error).rstrip("."))
        raise SystemExit(1) from None
    except Exception:  # noqa: BLE001 - the process's border; multiprocessing would print passwords too
        _log.exception("the dashboard met an unexpected error")
        raise SystemExit(1) from None
