"""What one picture says of a camera's view, compared with what the camera usually shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.report import CameraCondition
from pipeline.view_signature import (
    BLOCKS,
    VIEW_SIZE,
    EdgeComparison,
    Floats,
    ViewFeatures,
    compare,
    shift_between,
    shifted,
)

# Measured on four real cameras (day, infrared night, cloud shadows, vehicles filling the picture): of the
# blocks with structure, 0.64 and more agree with the reference; moved by 2 % of the width at most 0.28 do,
# another scene has 0.05.
RECOGNISED = 0.35
# Aligned by the shift found, this much has to agree before the picture counts as the view, moved.
_REALIGNED = 0.5
# It has to agree this much better than unaligned; below this agreement the shift is always looked for.
_CLEARLY_BETTER = 0.1
_WELL_RECOGNISED = 0.6
# A shift of up to this (1.5 % of the width) is sway; zones still fit.
SWAY_PX = 0.015 * VIEW_SIZE.width
# A moved camera is back within this part of it.
_BACK = 0.7
# Detail relative to the reference's. Blurred by one pixel of 320 (six of 1920: no plate is legible) it is
# 0.6; light, noise and traffic change it by 0.03.
_BLURRED, _SHARP_AGAIN = 0.6, 0.7
# Fewer blocks with structure than this say nothing.
FEWEST_BLOCKS = 10
# Share of blocks with clear edges below which a picture shows next to nothing (real scenes: 0.76 and more).
_PLAIN = 0.25
# Luma below which, and spread below which, a picture is dark; a lens covered in daylight is dark at once.
_DARK, _DARK_SPREAD = 32.0, 24.0
_DIM = 60.0
_HIDDEN = 0.35
# Far out of focus only light and shade remain: as alike as this, with less than this of the structure.
_ALIKE, _LOST = 0.7, 0.75
# Share of the view that agrees when something stands before the rest of it.
_COVERED = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewReference:
    """What a camera usually shows: running means over the pictures in which the view was recognised."""

    edges: Floats
    brightness: float
    fine: float
    structured: float
    thumbnail: Floats
    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewVerdict:
    """What one picture says.

    Attributes:
        condition: what the view is like, were it to stay so.
        patience_s: seconds it has to stay so before it is declared.
        text: one sentence for people.
        shift: (right, down) against the reference, pixels of 320x180, None when it was not measured.
    """

    condition: CameraCondition
    patience_s: float
    text: str
    shift: tuple[float, float] | None = None


USUAL = ViewVerdict(condition=CameraCondition.OK, patience_s=3.0, text="The view is as usual.")


def judge_view(
    reference: ViewReference, now: ViewFeatures, declared: CameraCondition, *, measure_shift: bool = False
) -> ViewVerdict:
    """What `now` says of the view.

    Args:
        reference: what the camera usually shows.
        now: the picture.
        declared: the condition that holds; leaving one takes more than not entering it (hysteresis).
        measure_shift: measure the shift of a view that is well recognised, too (about one millisecond).
    """
    match = compare(reference.edges, now.edges)
    agreeing = match.agreeing * match.visible
    if not _recognised(match, now):
        return _if_shifted(reference, now, agreeing, declared) or _unrecognised(reference, now, match)
    limit = _SHARP_AGAIN if declared is CameraCondition.BLURRED else _BLURRED
    if now.fine < limit * reference.fine:
        return ViewVerdict(
            condition=CameraCondition.BLURRED,
            patience_s=10.0,
            text="The picture is blurred: focus, dirt or drops on the lens.",
        )
    if measure_shift or agreeing < _WELL_RECOGNISED:
        return _if_shifted(reference, now, agreeing, declared) or USUAL
    return USUAL


def _recognised(match: EdgeComparison, now: ViewFeatures) -> bool:
    if match.agreeing * match.visible >= RECOGNISED:
        return True
    # At night only what lamps light is left: it is enough when that agrees. Noise in the black may agree,
    # too, but it has no clear edges.
    seen = match.visible * match.structured
    clear = now.structured * BLOCKS >= FEWEST_BLOCKS
    return now.brightness < _DIM and clear and seen >= FEWEST_BLOCKS and match.agreeing >= _REALIGNED


def _if_shifted(
    reference: ViewReference, now: ViewFeatures, agreeing: float, declared: CameraCondition
) -> ViewVerdict | None:
    dx, dy, _ = shift_between(reference.edges, now.edges)
    back = compare(reference.edges, shifted(now.edges, -dx, -dy))
    distance = float(np.hypot(dx, dy))
    sway = SWAY_PX * (_BACK if declared is CameraCondition.MOVED else 1.0)
    realigned = back.agreeing * back.visible
    if back.structured < FEWEST_BLOCKS or realigned < _REALIGNED:
        return None
    if distance <= sway:
        return replace(USUAL, shift=(dx, dy))
    if realigned < agreeing + _CLEARLY_BETTER:
        return None
    return ViewVerdict(
        condition=CameraCondition.MOVED,
        patience_s=4.0,
        text=f"The camera was moved: its view has shifted by {distance / VIEW_SIZE.width:.0%} of the width "
        f"to the {_direction(-dx, -dy)}.",
        shift=(dx, dy),
    )


def _direction(dx: float, dy: float) -> str:
    """Where the camera turned, which is opposite to where the picture went."""
    if abs(dx) >= abs(dy):
        return "right" if dx > 0 else "left"
    return "bottom" if dy > 0 else "top"


def _unrecognised(reference: ViewReference, now: ViewFeatures, match: EdgeComparison) -> ViewVerdict:
    if now.brightness < _DARK and now.spread < _DARK_SPREAD:
        if reference.brightness >= _DIM:
            return ViewVerdict(
                condition=CameraCondition.BLOCKED,
                patience_s=10.0,
                text="The picture went black in daylight: the lens is covered.",
            )
        return ViewVerdict(
            condition=CameraCondition.DARK,
            patience_s=10.0,
            text="It is too dark to recognise anything.",
        )
    if now.structured < _PLAIN or match.visible < _HIDDEN:
        return ViewVerdict(
            condition=CameraCondition.BLOCKED,
            patience_s=10.0,
            text="The view is blocked: most of the picture shows no structure.",
        )
    less_detail = now.fine < _BLURRED * reference.fine or now.structured < _LOST * reference.structured
    if less_detail and _correlation(reference.thumbnail, now.thumbnail) >= _ALIKE:
        return ViewVerdict(
            condition=CameraCondition.BLURRED, patience_s=10.0, text="The picture is out of focus."
        )
    if match.agreeing * match.visible >= _COVERED:
        # Something with structure of its own, like a bus in a queue: it gets longer to go away.
        return ViewVerdict(
            condition=CameraCondition.BLOCKED,
            patience_s=45.0,
            text="Something covers most of the view, or the camera was turned a little.",
        )
    return ViewVerdict(
        condition=CameraCondition.MOVED,
        patience_s=20.0,
        text="The camera shows another view than usual: it was turned, zoomed or replaced.",
    )


def _correlation(first: Floats, second: Floats) -> float:
    a, b = first - first.mean(), second - second.mean()
    return float((a * b).sum() / max(1e-3, float(np.sqrt((a * a).sum() * (b * b).sum()))))
