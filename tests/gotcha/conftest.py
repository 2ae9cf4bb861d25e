"""The street that the tests of the whole program share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.geometry import Size
from simulator.scene import Scene
from tests.gotcha.street import Parker, street, write_long_parking


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command run within a test sends all logs to that test's standard error, which is closed after it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@dataclass(frozen=True, slots=True, kw_only=True)
class LongParking:
    """90 s in which one vehicle parks from second 2 on and stays; plates are too small to read."""

    scene: Scene
    path: Path


@pytest.fixture(scope="session")
def long_parking(tmp_path_factory: pytest.TempPathFactory) -> LongParking:
    scene = street(
        length_s=8.0,
        parkers=(Parker(side="right", from_s=2.0, to_s=300.0),),
        fps=4.0,
        size=Size(width=960, height=540),
    )
    path = tmp_path_factory.mktemp("parking") / "parking.mp4"
    write_long_parking(scene, path, length_s=90.0)
    return LongParking(scene=scene, path=path)
