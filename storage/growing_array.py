"""A NumPy array that grows at its end without being copied each time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_FIRST_ROOM = 256


class GrowingArray:
    """Rows of one shape and type.

    Args:
        shape: of a row; () for single values.
        dtype: of its elements.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._room = np.zeros((_FIRST_ROOM, *shape), dtype=dtype)
        self._count = 0

    @property
    def rows(self) -> npt.NDArray[Any]:
        """What was appended, (n, ...); a view that is valid until the next change."""
        return self._room[: self._count]

    def append(self, rows: npt.NDArray[Any]) -> None:
        """Add rows at the end; the room doubles when it is used up."""
        needed = self._count + len(rows)
        if needed > len(self._room):
            larger = np.zeros((max(needed, 2 * len(self._room)), *self._room.shape[1:]), self._room.dtype)
            larger[: self._count] = self.rows
            self._room = larger
        self._room[self._count : needed] = rows
        self._count = needed

    def keep(self, mask: npt.NDArray[np.bool_]) -> None:
        """Keep the rows where `mask` (n,) is true, in their order."""
        kept = self.rows[mask]
        self._room[: len(kept)] = kept
        self._count = len(kept)
