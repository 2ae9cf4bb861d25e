"""How far a swaying camera has shifted the view, so that standing vehicles stand still in it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.picture import Gray

_TILES = 3  # the view is measured in 3 x 3 tiles, so that traffic in some of them does not count
_AGREEING = 5  # tiles that must measure the same shift
_SAME_PX = 0.5
# Below it a shift is left to the small search around each place; tiles of a still view measure up to 0.4 px.
_LEAST_SHIFT_PX = 0.6
_RENEW_S = 60.0  # the reference follows the light; what drifts more slowly is no sway

_Tile = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Displacement of the view as shares of the picture's width and height."""

    x: float = 0.0
    y: float = 0.0


_NONE = Shift()


def view_shift(before: Gray, after: Gray) -> tuple[float, float] | None:
    """How far the view of `after` lies right and down of that of `before`, pixels; None when unclear."""
    tiles = _tiles(before)
    height, width = tiles[0].shape
    window = np.asarray(cv2.createHanningWindow((width, height), cv2.CV_32F), dtype=np.float32)
    return _agreed(_shifts(tiles, _tiles(after), window))


class MotionCompensation:
    """Phase correlation (C. D. Kuglin, D. C. Hines, 1975) of tiles with a reference; their median counts.

    One correlation of the whole view follows a large vehicle; of nine tiles most see standing ground.
    """

    def __init__(self) -> None:
        self._reference: list[_Tile] = []
        self._shape: tuple[int, ...] = ()
        self._window: _Tile | None = None
        self._renewed_s = 0.0
        self._last = _NONE
        self._unclear = False

    @property
    def last(self) -> Shift:
        """The shift measured last."""
        return self._last

    @property
    def lost(self) -> bool:
        """The view was swaying, and by how much now is not known."""
        return self._unclear and self._last is not _NONE

    def restart(self) -> None:
        """Take the next picture as the reference: the camera may have been moved."""
        self._reference = []
        self._last = _NONE

    def measure(self, gray: Gray, at_s: float) -> Shift:
        """The shift of `gray` (small, always of one size) against the reference; the last one if unclear."""
        tiles = _tiles(gray)
        if not self._reference or self._shape != gray.shape or self._window is None:
            self._shape = gray.shape
            height, width = tiles[0].shape
            window = cv2.createHanningWindow((width, height), cv2.CV_32F)
            self._window = np.asarray(window, dtype=np.float32)
            self._renew(tiles, at_s)
            return self._last
        agreed = _agreed(_shifts(self._reference, tiles, self._window))
        self._unclear = agreed is None
        if agreed is None:
            return self._last
        dx, dy = agreed
        if max(abs(dx), abs(dy)) < _LEAST_SHIFT_PX:
            self._last = _NONE
            if at_s - self._renewed_s >= _RENEW_S:
                self._renew(tiles, at_s)
        else:
            self._last = Shift(x=dx / gray.shape[1], y=dy / gray.shape[0])
        return self._last

    def _renew(self, tiles: list[_Tile], at_s: float) -> None:
        self._reference = tiles
        self._renewed_s = at_s
        self._last = _NONE


def _shifts(before: list[_Tile], after: list[_Tile], window: _Tile) -> npt.NDArray[np.float64]:
    """Of each tile, pixels right and down, (tiles, 2)."""
    found = [cv2.phaseCorrelate(old, new, window)[0] for old, new in zip(before, after, strict=True)]
    return np.asarray(found, dtype=np.float64)


def _agreed(shifts: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """The median, where enough of `shifts` say the same."""
    middle = np.median(shifts, axis=0)
    if int((np.abs(shifts - middle).max(axis=1) < _SAME_PX).sum()) < _AGREEING:
        return None
    return float(middle[0]), float(middle[1])


def _tiles(gray: Gray) -> list[_Tile]:
    height, width = gray.shape[0] // _TILES, gray.shape[1] // _TILES
    return [
        gray[row * height : (row + 1) * height, column * width : (column + 1) * width].astype(np.float32)
        for row in range(_TILES)
        for column in range(_TILES)
    ]
