"""The dashboard served over HTTP for browsers, with something to see on every page."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import uvicorn
from fastapi import FastAPI
from PIL import Image, ImageDraw

from jobs.camera_status import CameraStatus, StatusBoard
from jobs.live_view import LivePicture, LiveViews, View
from storage.account_values import Login, Role
from tests.reports import rejected
from tests.web.kept_reports import kept
from tests.web.statuses import well
from web.passwords import hash_password
from web.services import WebServices

PASSWORD = "correct horse battery"


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address at which `app` is served while the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = _Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


def furnish_users(services: WebServices) -> None:
    """One user of each role."""
    now, password = datetime.now(UTC), hash_password(PASSWORD)
    for name, role in (("anna", Role.ADMIN), ("omar", Role.OPERATOR), ("vera", Role.VIEWER)):
        services.users.add(Login(name=name, role=role), password, at=now)


def furnish(services: WebServices) -> None:
    """Users, reports of today and yesterday, cameras that fare well and badly."""
    furnish_users(services)
    now = datetime.now(UTC)
    for number in range(12):
        camera = "gate" if number % 3 else "yard"
        kept(services, f"r{number}", camera=camera, parked_at=now - timedelta(minutes=7 * number))
    services.reports.apply(rejected("left", parked_at=now - timedelta(minutes=3)), at=now, by="test")


@contextlib.contextmanager
def watched(services: WebServices) -> Iterator[None]:
    """A program that watches the gate, and cannot reach the yard, while the block lasts."""
    stop = threading.Event()

    def tell() -> None:
        views, board = LiveViews(services.redis), StatusBoard(services.redis)
        number = 0
        while not stop.wait(0.2):
            number += 1
            board.tell(statuses())
            pictures = {view: _picture(view, number) for view in views.watched(["gate"])}
            if pictures:
                views.leave(pictures)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5)


def statuses() -> list[CameraStatus]:
    now = datetime.now(UTC)
    gate = well(now)
    trouble = "nothing answers at 192.168.0.40"
    return [gate, replace(gate, camera="yard", condition=None, heard_at=None, frame_at=None, trouble=trouble)]


def _picture(view: View, number: int) -> LivePicture:
    image = Image.new("RGB", (960, 540), "#3a4652")
    draw = ImageDraw.Draw(image)
    draw.rectangle((300, 220, 620, 420), outline="#f5b544", width=4)
    draw.text((310, 200), f"{view.camera} {view.kind.value} 0:{number % 60:02}", fill="#ffffff")
    data = io.BytesIO()
    image.save(data, "JPEG")
    return LivePicture(jpeg=data.getvalue(), taken_at=datetime.now(UTC))
