from __future__ import annotations

import functools
import math
import os

import numpy as np
import pytest

from bench import day
from bench.drawn_frames import drawn_frames
from pipeline.geometry import Size
from simulator.demo import simulated_day


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_a_whole_day_is_flat_and_its_reports_equal_the_truth() -> None:
    hours = os.environ.get("GOTCHA_DAY_HOURS", "8")
    # Memory and time of the last hour are compared with the first's.
    assert float(hours) >= 2, f"expected GOTCHA_DAY_HOURS of at least 2, got {hours}"
    assert day.main(["--details", "--hours", hours]) == 0


def test_frames_drawn_by_another_process_are_the_scenes() -> None:
    """Drawn elsewhere, so that the memory measured is the engine's; a picture out of step would spoil it."""
    make = functools.partial(simulated_day, 3, 0.1, size=Size(width=320, height=180))
    scene = make()
    with drawn_frames(make, 0.5) as frames:
        for index, frame in zip(range(3), frames, strict=False):
            assert math.isclose(frame.at_s, index / 0.5)
            assert np.array_equal(frame.picture.bgr(), scene.frame(frame.at_s))
