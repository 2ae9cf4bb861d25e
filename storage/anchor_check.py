"""Whether the chains still run through the ends that were written down outside the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storage.anchors import Anchor
from storage.chain import ChainLink


class AnchorCheck:
    """Is shown every link, in order, and says which anchors no link fits.

    Args:
        anchors: in any order; the same one may come twice, from the files of two machines.
    """

    def __init__(self, anchors: Iterable[Anchor]) -> None:
        self._left: dict[tuple[str, int], set[Anchor]] = {}
        for anchor in anchors:
            self._left.setdefault((anchor.camera, anchor.position), set()).add(anchor)
        self._positions: dict[str, int] = {}
        # The last anchored link before the first that is another one, by camera.
        self._held: dict[str, int] = {}
        self._wrong: set[str] = set()
        self.kept = 0

    def meet(self, link: ChainLink) -> None:
        """The next link of its camera's chain."""
        self._positions[link.camera] = link.position
        here = self._left.get((link.camera, link.position))
        if here is None:
            return
        wrong = {anchor for anchor in here if anchor.link_sha256 != link.link_sha256}
        if wrong:
            self._left[link.camera, link.position] = wrong
            self._wrong.add(link.camera)
            return
        if link.camera not in self._wrong:
            self._held[link.camera] = link.position
        self.kept += 1
        del self._left[link.camera, link.position]

    def broken(self) -> Iterator[tuple[str, int, bool, str]]:
        """Camera, position, whether it was rewritten (else it is gone), and a sentence: the first of each."""
        first: dict[str, int] = {}
        for camera, position in self._left:
            first[camera] = min(position, first.get(camera, position))
        for camera, position in sorted(first.items()):
            noted = min(anchor.at for anchor in self._left[camera, position])
            when = f"written down on {noted:%Y-%m-%d %H:%M:%S} UTC"
            ends = self._positions.get(camera, 0)
            if position > ends:
                said = f"the chain ends at {ends}, but had this link when it was {when}: its end was cut off"
                yield camera, position, False, said
            else:
                since = self._held.get(camera, 0) + 1
                said = (
                    f"it is not the link that was {when}: the records of links {since}-{position} were"
                    " rewritten, with their hashes"
                )
                yield camera, position, True, said
