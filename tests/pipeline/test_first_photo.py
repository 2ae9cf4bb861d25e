"""When photo 1 is taken."""

from __future__ import annotations

import pytest

from pipeline.detection import Detection, ObjectClass
from pipeline.frame import Frame
from pipeline.geometry import Box
from pipeline.picture import Image
from pipeline.report import EvidenceKind, ReportState
from tests.pipeline.fakes import START, ScriptedStanding, street
from tests.pipeline.rig import PLACE, Rig, stands


class PassingCar:
    """Sees a car where a script says one drives, on the picture it is shown (853 px wide in full)."""

    def __init__(self) -> None:
        self.box: Box | None = None

    def detect(self, image: Image) -> tuple[Detection, ...]:
        if self.box is None:
            return ()
        factor = image.shape[1] / 853
        return (Detection(box=self.box.scaled(factor, factor), score=0.9, label=ObjectClass.CAR),)


class EveryFrame(ScriptedStanding):
    def needs_detection(self, frame: Frame) -> bool:
        return True


@pytest.mark.parametrize("passes_until_s", [11.0, 200.0])
def test_photo_1_waits_for_a_car_that_drives_past_but_not_for_ever(passes_until_s: float) -> None:
    """A red car reached into photo 1: no later photo looked like it, and the report was rejected."""
    detector = PassingCar()
    rig = Rig(stands(2, 100), detector=detector, standing=EveryFrame)
    passing = Box(x1=420, y1=250, x2=600, y2=345)

    def image(at_s: float) -> Image:
        detector.box = passing if at_s < passes_until_s else None
        shown = street(vehicle=PLACE)
        if detector.box is not None:
            shown[250:345, 420:600] = (20, 20, 220)
        return shown

    rig.play(0, 60, image=image)
    first = rig.sink.reports[0]
    (photo,) = (item for item in first.evidence if item.kind is EvidenceKind.PHOTO_1)
    waited_s = (photo.taken_at - START).total_seconds()
    if passes_until_s < 60:
        assert 11.0 <= waited_s <= 13.0
        assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL]
    else:
        assert 17.0 <= waited_s <= 19.0
