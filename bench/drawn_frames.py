"""The frames of a scene drawn by another process, so that what is measured here is the engine alone."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection

import cv2
import numpy as np

from bench.simulated_watch import CAMERA, STARTED_AT
from pipeline.frame import Frame
from pipeline.picture import ArrayPicture
from simulator.scene import Scene

# The painter stops on its own when nobody takes its pictures any more; it gets this long.
_END_S = 10.0


@contextmanager
def drawn_frames(make: Callable[[], Scene], fps: float) -> Iterator[Iterator[Frame]]:
    """The frames of `make()` from 0 to its duration, `fps` a second, drawn ahead by one.

    Args:
        make: makes the scene; a picklable call, made in the other process.
        fps: frames a second of media time.
    """
    # Spawned, not forked: the runtimes of the models have threads, and its memory must not be counted here.
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    painter = context.Process(target=_paint, args=(make, fps, there), daemon=True)
    painter.start()
    there.close()
    try:
        yield _taken(here, fps)
    finally:
        here.close()
        painter.join(_END_S)
        if painter.is_alive():
            painter.kill()
            painter.join()


def _paint(make: Callable[[], Scene], fps: float, out: Connection) -> None:
    cv2.setNumThreads(1)
    scene = make()
    out.send((scene.size.height, scene.size.width))
    for index in range(max(1, round(scene.duration_s * fps))):
        try:
            out.send_bytes(np.ascontiguousarray(scene.frame(index / fps)).reshape(-1).data)
        except (BrokenPipeError, ConnectionResetError):
            return
    out.close()


def _taken(here: Connection, fps: float) -> Iterator[Frame]:
    height, width = here.recv()
    index = 0
    while True:
        try:
            pixels = here.recv_bytes()
        except EOFError:
            return
        picture = ArrayPicture(np.frombuffer(pixels, np.uint8).reshape(height, width, 3))
        at_s = index / fps
        yield Frame(
            camera=CAMERA,
            index=index,
            at_s=at_s,
            taken_at=STARTED_AT + timedelta(seconds=at_s),
            picture=picture,
            detail=picture,
        )
        index += 1
