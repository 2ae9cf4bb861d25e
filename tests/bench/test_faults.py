"""The promise of the queue: everything fails again and again, and every report is stored once."""

from __future__ import annotations

import random

import pytest

from bench.fault_scene import FAULTS
from bench.faults import run_faults


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_500_reports_arrive_once_while_everything_fails() -> None:
    seed = random.randrange(1 << 31)
    result = run_faults(vehicles=500, rounds=3, a_second=5.0, seed=seed)
    assert (result.stored, result.lost, result.doubled) == (500, (), ()), f"with seed {seed}"
    # The chain holds, runs through every end that was written down meanwhile, and all evidence is there.
    assert (result.altered, result.restored) == ((), ())
    assert result.links >= 1000
    assert result.anchors > 10
    assert result.pieces == 1000
    assert result.passed
    assert all(result.faults[fault] >= 3 for fault in FAULTS)
    # The memories that were set back made accusations twice: the search found them.
    assert result.duplicates > 0
