"""A whole day can be looked at anywhere, at once."""

from __future__ import annotations

import numpy as np

from pipeline.geometry import Size
from simulator.demo import simulated_day


def test_a_day_has_dozens_of_parked_vehicles_and_changing_light() -> None:
    day = simulated_day(1, 8.0, size=Size(width=320, height=180))
    truth = day.truth()
    assert truth.duration_s == 8 * 3600
    assert len([e for e in truth.stationary if e.parks]) >= 24
    noon, evening = day.frame(2.2 * 3600.0), day.frame(7.99 * 3600.0)
    assert float(evening.mean()) < 0.85 * float(noon.mean())
    # street lamps are warm: more red than blue
    assert float(evening[..., 2].mean()) > 1.2 * float(evening[..., 0].mean())
    assert np.array_equal(day.frame(2.2 * 3600.0), noon)
