"""What one frame offers to the places and the candidates: prepared once, used by all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.detection import Detection
from pipeline.geometry import Box, Size
from pipeline.picture import Gray


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One frame as the place memory sees it.

    Attributes:
        at_s: media time, seconds.
        taken_at: aware UTC.
        size: of the full frame, to whose pixels all boxes belong.
        gray: the grey picture in which appearances are compared.
        scale: grey pixels per full-frame pixel.
        dx, dy: how far the picture is shifted against the usual view (swaying mast), grey pixels.
        unsure: the light changed a moment ago, or the view sways by an unknown amount: pictures are not held
            against a vehicle.
        looked: the detector ran on this frame.
        vehicles: its vehicles, shifted back to the usual view, best first, twins removed.
        things: all it saw clearly enough to be in front of something, of any class.
    """

    at_s: float
    taken_at: datetime
    size: Size
    gray: Gray
    scale: float
    dx: float
    dy: float
    unsure: bool
    looked: bool
    vehicles: tuple[Detection, ...]
    things: tuple[Detection, ...]

    def on_gray(self, box: Box) -> Box:
        """Where `box` of the usual view lies in this frame's grey picture."""
        return box.scaled(self.scale, self.scale).shifted(self.dx, self.dy)
