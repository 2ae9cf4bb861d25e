"""A short grey memory of the whole view: it dates an arrival that was only recognised later."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from pipeline.geometry import Box
from pipeline.picture import Gray
from trackers.appearance import Appearance
from trackers.motion_compensation import view_shift

_DENSE_STEP_S = 0.24  # finer than the 0.5 s to which people can tell when a vehicle stopped
_SPARSE_STEP_S = 4.0
_HALF = 0.5  # share of blocks that light may leave alike
# Standing still is proven by blocks, most of them exactly alike: the whole crop may correlate through a
# bright neighbour that it shares with the empty street, and fail through a shadow on one corner.
_EXACT = 0.9
_MOST = 0.55
# ... and by where it lies. What still rolls looks alike too; from one moment to the next it lies elsewhere.
_ASIDE = 1.5  # 64ths of the place: what compensation of the camera's sway may leave
_STEADY = 0.06  # 64ths of the place, half a centimetre of a car
_STEADY_PX = 0.08  # ... and of a pixel: in small places that is as fine as noise allows
_SWAY_PX = 0.3  # what is left of a camera's sway when two measures of it are compared
_SIXTY_FOURTHS = 64.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One grey picture of the past: when it was taken, and how far the view was shifted (its pixels)."""

    at_s: float
    gray: Gray
    dx: float = 0.0
    dy: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Since when a place shows the same picture, media time in seconds.

    Attributes:
        stood_s: since then it is proven to have stood still.
        there_s: since then it may have been there: light may have changed, but nothing has shifted.
        since_start: `there_s` is as far back as anything is remembered: it may have stood there before.
        proven: more than one picture shows it at rest since `stood_s`.
    """

    stood_s: float
    there_s: float
    since_start: bool
    proven: bool


class GrayHistory:
    """Grey pictures of the last seconds: closely spaced at first, sparse further back; bounded.

    Args:
        dense_s: span of the closely spaced part, seconds.
        span_s: span of the whole, seconds.
    """

    def __init__(self, dense_s: float, span_s: float) -> None:
        self._dense_s, self._span_s = dense_s, span_s
        self._dense: deque[Moment] = deque()
        self._sparse: deque[Moment] = deque()

    def add(self, moment: Moment) -> None:
        """Remember a picture; older ones thin out and fall off."""
        if self._dense and moment.at_s - self._dense[-1].at_s < _DENSE_STEP_S:
            return
        self._dense.append(moment)
        while self._dense and self._dense[0].at_s < moment.at_s - self._dense_s:
            old = self._dense.popleft()
            if not self._sparse or old.at_s - self._sparse[-1].at_s >= _SPARSE_STEP_S:
                self._sparse.append(old)
        while self._sparse and self._sparse[0].at_s < moment.at_s - self._span_s:
            self._sparse.popleft()

    def __len__(self) -> int:
        return len(self._dense) + len(self._sparse)

    def clear(self) -> None:
        """Forget everything: what was before a gap says nothing about what is after it."""
        self._dense.clear()
        self._sparse.clear()

    def arrival(
        self, box: Box, until_s: float, still: float, bridge_s: float, *, seen_s: float = 0.0
    ) -> Arrival | None:
        """Back from `until_s` while `box` shows what it showed then; None when that is not remembered.

        Args:
            box: the place, in pixels of the grey pictures.
            until_s: a time at which it surely stands, seconds.
            still: correlation from one moment to the next from which only the light has changed.
            bridge_s: something passing in front may hide it this long, seconds.
            seen_s: when it was first seen. Where pictures have thinned out, the last one until `until_s` may
                be from before that, and show an empty place; then the next one counts.
        """
        moments = self._until(until_s, seen_s)
        if not moments or moments[-1].at_s < seen_s:
            return None
        reference = Appearance.learn(moments[-1].gray, box.shifted(moments[-1].dx, moments[-1].dy))
        if reference is None:
            return None
        stood_s = there_s = moments[-1].at_s
        proven, before = True, reference
        rest = _Rest(reference, box, moments[-1])
        for moment in reversed(moments[:-1]):
            where = box.shifted(moment.dx, moment.dy)
            alike = reference.compare(moment.gray, where)
            proven = proven and stood_s - moment.at_s <= bridge_s
            if proven and rest.goes_on(moment):
                stood_s = there_s = moment.at_s
            elif (alike.centred and alike.blocks >= _HALF) or before.unshifted(moment.gray, where) >= still:
                there_s = moment.at_s
                before = Appearance.learn(moment.gray, where) or before
            elif there_s - moment.at_s > bridge_s:
                break
        reached = there_s <= moments[0].at_s + 2 * _DENSE_STEP_S
        proven_s = moments[-1].at_s - stood_s
        return Arrival(stood_s=stood_s, there_s=there_s, since_start=reached, proven=proven_s > 0.0)

    def _until(self, until_s: float, seen_s: float) -> list[Moment]:
        """The moments until `until_s`, and those after it up to the first that is not before `seen_s`."""
        moments: list[Moment] = []
        for moment in (*self._sparse, *self._dense):
            if moment.at_s > until_s and (not moments or moments[-1].at_s >= seen_s):
                break
            moments.append(moment)
        return moments


class _Rest:
    """Where something at rest lies, from one moment back to the one before.

    Args:
        reference: what it looks like.
        box: its place, pixels of the grey pictures.
        last: the moment that the reference is from.
    """

    def __init__(self, reference: Appearance, box: Box, last: Moment) -> None:
        self._reference, self._box = reference, box
        # Where it lay when it was last proven at rest, and in the moment after that.
        self._lay = [_Lie(moment=last, right=0.0, down=0.0)]

    def goes_on(self, moment: Moment) -> bool:
        """Whether `moment` shows it as the reference does, and lying where it lay later."""
        where = self._box.shifted(moment.dx, moment.dy)
        offset = self._reference.offset(moment.gray, where)
        if offset is None or max(abs(offset[0]), abs(offset[1])) > _ASIDE:
            return False
        if self._reference.compare(moment.gray, where, block_keep=_EXACT).blocks < _MOST:
            return False
        lies = _Lie(
            moment=moment,
            right=offset[0] * self._box.width / _SIXTY_FOURTHS,
            down=offset[1] * self._box.height / _SIXTY_FOURTHS,
        )
        steady = any(self._agree(lies, lay) for lay in self._lay)
        self._lay = [lies] if steady else [self._lay[0], lies]
        return steady

    def _agree(self, one: _Lie, other: _Lie) -> bool:
        aside = one.right - other.right, one.down - other.down
        if self._is_steady(aside):
            return True
        # The camera sways a little less than is made up for.
        shift = view_shift(other.moment.gray, one.moment.gray)
        if shift is None:
            return False
        swayed = (
            shift[0] - (one.moment.dx - other.moment.dx),
            shift[1] - (one.moment.dy - other.moment.dy),
        )
        if self._is_steady(swayed):
            return False
        return self._is_steady((aside[0] - swayed[0], aside[1] - swayed[1]), _SWAY_PX)

    def _is_steady(self, aside: tuple[float, float], least_px: float = _STEADY_PX) -> bool:
        sides = self._box.width, self._box.height
        return all(
            abs(by) <= max(least_px, _STEADY / _SIXTY_FOURTHS * side)
            for by, side in zip(aside, sides, strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lie:
    """How far right and down of its place something lies at a moment, grey pixels."""

    moment: Moment
    right: float
    down: float
