"""A web server that has a page and no picture."""

from __future__ import annotations

import http.server
import threading

import numpy as np

from pipeline.geometry import Size
from pipeline.picture import Image


def grey(size: Size) -> Image:
    """A plain picture."""
    return np.full((size.height, size.width, 3), 120, dtype=np.uint8)


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<html>a page</html>"
        self.send_response(200 if self.path == "/page.html" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        return


class StillsServer:
    """Serves while the `with` block lasts."""

    def __enter__(self) -> StillsServer:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
