"""What a standing vehicle looks like, and whether a picture still shows it.

Grey crops are compared by normalised cross-correlation (J. P. Lewis, Fast Normalized Cross-Correlation,
1995): it does not see gain and offset, so clouds and exposure pass. Two further looks make it robust: a
small search (the mast sways), and blocks, each with a gain of its own. Something may cover a part or a
shadow fall across, and half of the blocks are still the same; of another vehicle hardly any is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.geometry import Box
from pipeline.picture import Gray

_SIDE = 64  # crops are compared at 64 x 64
_MOST_SHRUNK = 1.5  # pixels of the picture to one of the crop, without averaging
_MARGIN = 3  # search of +-3 px of the crop, about 5 % of the vehicle
_ASIDE = 16  # how far a rolling vehicle is searched for, crop pixels
_ASIDE_GAIN = 0.15  # how much better it must fit there
_LEAST_CHANGED = 3  # blocks
_PLAIN = 0.97  # correlation so plain that no search is needed
_NOT_COVERED = 0.7  # share of blocks alike; of another vehicle at most 0.45 are
_BLOCK = 16
_SLACK = 0.03  # a best match this little better than the unshifted one is no movement
_FLAT_STD = 3.0  # grey levels: below it a crop is noise and its correlation says nothing
_NOISE = 2.5  # mean grey difference that sensor noise and compression make on a still picture

Patch = npt.NDArray[np.uint8]
_Blocks = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resemblance:
    """How much a place looks like its reference.

    Attributes:
        whole: best correlation within the small search, -1 to 1.
        unshifted: correlation without any search.
        blocks: share of the open textured blocks that are recognised, 0-1.
        open: share of the textured blocks that nothing covers, 0-1.
        centred: the best match lies where it was: nothing has moved.
        flat: the reference has no texture, so nothing of this means anything.
    """

    whole: float
    unshifted: float
    blocks: float
    open: float = 1.0
    centred: bool = False
    flat: bool = False


_SAME = Resemblance(whole=1.0, unshifted=1.0, blocks=1.0, centred=True)
_FLAT = Resemblance(whole=0.0, unshifted=0.0, blocks=0.0, flat=True)


def cut(gray: Gray, box: Box, margin: int = 0) -> Patch | None:
    """The 64 x 64 grey crop of `box` (pixels of `gray`), `margin` crop pixels wider on each side.

    Parts outside the picture repeat its edge. None when the box lies outside or is thinner than 3 px.
    """
    grow = margin / _SIDE
    x1, y1 = box.x1 - grow * box.width, box.y1 - grow * box.height
    x2, y2 = box.x2 + grow * box.width, box.y2 + grow * box.height
    height, width = gray.shape[:2]
    if box.width < 3 or box.height < 3 or box.x2 <= 1 or box.y2 <= 1:
        return None
    if box.x1 >= width - 1 or box.y1 >= height - 1:
        return None
    side = _SIDE + 2 * margin
    # A large box is cut finer and then averaged, or thin lines would flicker between frames.
    finer = max(1, math.ceil(max(x2 - x1, y2 - y1) / side / _MOST_SHRUNK))
    fine = side * finer
    # Sub-pixel crop: pixel centres of the patch mapped into the picture.
    sx, sy = (x2 - x1) / fine, (y2 - y1) / fine
    matrix = np.array([[sx, 0, x1 + sx / 2 - 0.5], [0, sy, y1 + sy / 2 - 0.5]], dtype=np.float64)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(gray, matrix, (fine, fine), flags=how, borderMode=cv2.BORDER_REPLICATE)
    if finer > 1:
        patch = cv2.resize(patch, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(patch, dtype=np.uint8)


class Appearance:
    """The reference picture of one place.

    Args:
        patch: 64 x 64 grey crop of the vehicle.
    """

    def __init__(self, patch: Patch) -> None:
        self.patch = patch
        blocks = _blocks(patch)
        self._centred = blocks - blocks.mean(axis=(2, 3), keepdims=True)
        self._power = (self._centred**2).sum(axis=(2, 3))
        self._deviation = np.sqrt(self._power) / _BLOCK
        self._flat = float(patch.std()) < _FLAT_STD

    @classmethod
    def learn(cls, gray: Gray, box: Box) -> Appearance | None:
        """The appearance of what is now in `box`; None when the box is too small or outside."""
        patch = cut(gray, box)
        return None if patch is None else cls(patch)

    def compare(
        self, gray: Gray, box: Box, block_keep: float = 0.6, covers: Sequence[Box] = ()
    ) -> Resemblance:
        """How much `box` in `gray` looks like this; cheap when nothing changed.

        Args:
            gray: the grey picture.
            box: the place, pixels of `gray`.
            block_keep: correlation from which one block is recognised.
            covers: boxes of things in front, pixels of `gray`; blocks behind them are not judged.
        """
        if self._flat:
            return _FLAT
        wide = cut(gray, box, _MARGIN)
        if wide is None:
            return _FLAT
        centre = wide[_MARGIN : _MARGIN + _SIDE, _MARGIN : _MARGIN + _SIDE]
        if float(cv2.norm(centre, self.patch, cv2.NORM_L1)) < _NOISE * _SIDE * _SIDE:
            return _SAME
        plain = float(cv2.matchTemplate(centre, self.patch, cv2.TM_CCOEFF_NORMED)[0, 0])
        if plain >= _PLAIN:
            blocks, share_open = self._block_share(centre, block_keep, box, covers)
            if blocks >= _PLAIN:
                return Resemblance(whole=plain, unshifted=plain, blocks=blocks, open=share_open, centred=True)
        scores = cv2.matchTemplate(wide, self.patch, cv2.TM_CCOEFF_NORMED)
        unshifted = float(scores[_MARGIN, _MARGIN])
        row, column = np.unravel_index(int(np.argmax(scores)), scores.shape)
        whole = float(scores[row, column])
        centred = (
            max(abs(int(row) - _MARGIN), abs(int(column) - _MARGIN)) <= 1 and whole - unshifted <= _SLACK
        )
        best = wide[row : row + _SIDE, column : column + _SIDE]
        blocks, share_open = self._block_share(best, block_keep, box, covers)
        return Resemblance(whole=whole, unshifted=unshifted, blocks=blocks, open=share_open, centred=centred)

    def unshifted(self, gray: Gray, box: Box) -> float:
        """Plain correlation at exactly this place, -1 to 1; 0 when it means nothing."""
        patch = cut(gray, box)
        if patch is None or self._flat or float(patch.std()) < _FLAT_STD:
            return 0.0
        return float(cv2.matchTemplate(patch, self.patch, cv2.TM_CCOEFF_NORMED)[0, 0])

    def offset(self, gray: Gray, box: Box) -> tuple[float, float] | None:
        """Where in `gray` it lies aside of `box`, in fractions of a crop pixel; None where it is not found.

        A parabola through the best match and its neighbours on either side gives the fraction (Q. Tian and
        M. N. Huhns, Algorithms for Subpixel Registration, 1986).

        Args:
            gray: the grey picture.
            box: the place, pixels of `gray`.

        Returns:
            Right and down, in 64ths of the box; within the small search.
        """
        wide = cut(gray, box, _MARGIN)
        if wide is None or self._flat:
            return None
        scores = cv2.matchTemplate(wide, self.patch, cv2.TM_CCOEFF_NORMED)
        row, column = (int(at) for at in np.unravel_index(int(np.argmax(scores)), scores.shape))
        if not (0 < row < 2 * _MARGIN and 0 < column < 2 * _MARGIN):
            return None
        right = column - _MARGIN + _vertex(scores[row, column - 1 : column + 2])
        down = row - _MARGIN + _vertex(scores[row - 1 : row + 2, column])
        return right, down

    def rolled(self, gray: Gray, box: Box, block_keep: float, keep: float) -> bool:
        """Whether what no longer matches is found a little aside, up to a quarter of the place's size.

        Only the changed part is searched for: of a place that holds two vehicles, or one and a pole in front,
        the part that rolled gives it away.

        Args:
            gray: the grey picture.
            box: the place, pixels of `gray`.
            block_keep: correlation from which one block is unchanged.
            keep: correlation from which the part is found.
        """
        wide = cut(gray, box, _ASIDE)
        if wide is None or self._flat:
            return False
        here = wide[_ASIDE : _ASIDE + _SIDE, _ASIDE : _ASIDE + _SIDE]
        changed = (self._correlations(here) < block_keep) & (self._deviation >= _FLAT_STD)
        rows, columns = np.nonzero(changed)
        if len(rows) < _LEAST_CHANGED:
            return False
        top, left = int(rows.min()) * _BLOCK, int(columns.min()) * _BLOCK
        bottom, right = (int(rows.max()) + 1) * _BLOCK, (int(columns.max()) + 1) * _BLOCK
        part = self.patch[top:bottom, left:right]
        around = wide[top : bottom + 2 * _ASIDE, left : right + 2 * _ASIDE]
        scores = cv2.matchTemplate(around, part, cv2.TM_CCOEFF_NORMED)
        row, column = np.unravel_index(int(np.argmax(scores)), scores.shape)
        if max(abs(int(row) - _ASIDE), abs(int(column) - _ASIDE)) <= _MARGIN:
            return False  # so little is sway
        best = float(scores[row, column])
        return best >= keep and best >= float(scores[_ASIDE, _ASIDE]) + _ASIDE_GAIN

    def _block_share(self, patch: Patch, keep: float, box: Box, covers: Sequence[Box]) -> tuple[float, float]:
        """Share of open textured blocks that are recognised; share of textured blocks that are open."""
        textured = self._deviation >= _FLAT_STD
        if not textured.any():
            return 0.0, 0.0
        alike = self._correlations(patch) >= keep
        everywhere = float(alike[textured].mean())
        if everywhere >= _NOT_COVERED:
            return everywhere, 1.0  # a box may reach over a vehicle without hiding anything of it
        judged = textured & _open_blocks(box, covers)
        if not judged.any():
            return 0.0, 0.0
        return float(alike[judged].mean()), float(judged.sum() / textured.sum())

    def _correlations(self, patch: Patch) -> npt.NDArray[np.float32]:
        """Correlation of each of the 4 x 4 blocks with the reference's, -1 to 1."""
        other = _blocks(patch)
        theirs = other - other.mean(axis=(2, 3), keepdims=True)
        norms = np.sqrt(self._power * (theirs**2).sum(axis=(2, 3))) + 1e-6
        return np.asarray((self._centred * theirs).sum(axis=(2, 3)) / norms, dtype=np.float32)


def _open_blocks(box: Box, covers: Sequence[Box]) -> npt.NDArray[np.bool_]:
    """Which of the 4 x 4 blocks of `box` no cover reaches into by more than a quarter."""
    count = _SIDE // _BLOCK
    uncovered = np.ones((count, count), dtype=np.bool_)
    width, height = box.width / count, box.height / count
    for row in range(count):
        for column in range(count):
            x, y = box.x1 + column * width, box.y1 + row * height
            block = Box(x1=x, y1=y, x2=x + width, y2=y + height)
            uncovered[row, column] = all(block.share_inside(cover) <= 0.25 for cover in covers)
    return uncovered


def _vertex(scores: npt.NDArray[np.floating | np.integer]) -> float:
    """How far the top of the parabola through three scores lies from the middle one, -0.5 to 0.5."""
    before, middle, after = (float(score) for score in scores)
    bend = before - 2.0 * middle + after
    return 0.0 if bend >= 0.0 else 0.5 * (before - after) / bend


def _blocks(patch: Patch) -> _Blocks:
    count = _SIDE // _BLOCK
    return patch.astype(np.float32).reshape(count, _BLOCK, count, _BLOCK).swapaxes(1, 2)
