"""Light that changes slowly changes the picture of everything, and ends no halt."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.picture import Gray
from tests.trackers.street import texture
from trackers.light_change import LightChange


def _scene(gain: float) -> Gray:
    return np.clip(texture(3, 160, 90, low=60, high=120).astype(float) * gain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("fps", [0.5, 1.0, 25.0])
def test_sun_that_comes_through_in_three_seconds_is_noticed_at_any_rate(fps: float) -> None:
    """From frame to frame of a fast stream it was too little to be noticed."""
    light = LightChange(step=20, share=0.4, settle_s=3.0)
    noticed = []
    for step in range(int(20 * fps)):
        at_s = step / fps
        light.add(_scene(1.0 + 0.5 * min(1.0, max(0.0, (at_s - 8.0) / 3.0))), at_s, 0.0)
        if light.changing(at_s):
            noticed.append(at_s)
    assert noticed
    assert 8.0 < noticed[0] <= 12.0
    assert noticed[-1] <= 15.0


def test_traffic_is_no_change_of_light() -> None:
    light = LightChange(step=20, share=0.4, settle_s=3.0)
    for step in range(40):
        scene = _scene(1.0).copy()
        scene[30:70, 4 * step % 110 : 4 * step % 110 + 50] = 240
        light.add(scene, step / 2, 0.15)
        assert not light.changing(step / 2)


def test_a_sudden_change_is_noticed_with_the_frame() -> None:
    light = LightChange(step=20, share=0.4, settle_s=3.0)
    light.add(_scene(1.0), 0.0, 0.0)
    light.add(_scene(1.6), 0.1, 0.9)
    assert light.changing(0.1)
    assert light.changing(3.0)
    assert not light.changing(3.2)
    light.restart()
    assert not light.changing(0.2)
