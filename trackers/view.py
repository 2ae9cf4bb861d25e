"""What one frame offers to the places and the candidates: prepared once, used by all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.detection import Detection
from pipeline.geometry import Box, Size
from pipeline.picture import Gray

_WHOLE = 0.95  # share of a box inside a part


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
        parts: where it looked closer on this frame, pixels of the usual view.
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
    parts: tuple[Box, ...] = ()

    def is_near(self, box: Box) -> bool:
        """Whether `box` lies in a part at which the detector looked closer."""
        return any(box.share_inside(part) >= _WHOLE for part in self.parts)

    def on_gray(self, box: Box) -> Box:
        """Where `box` of the usual view lies in this frame's grey picture."""
        return box.scaled(self.scale, self.scale).shifted(self.dx, self.dy)
