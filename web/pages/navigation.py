"""What the menu leads to."""

from __future__ import annotations

from dataclasses import dataclass

from web.security import Caller, Right


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One entry of the menu.

    Attributes:
        path: where it leads; pages under it belong to it too.
        name: its key among the words, `nav.NAME`, and its icon's.
        right: who sees it.
        on_phone: it stands in the bar of a narrow screen, not behind "more".
    """

    path: str
    name: str
    right: Right = Right.VIEW
    on_phone: bool = False

    def is_open(self, path: str) -> bool:
        """Whether the page at `path` belongs to it."""
        return path == self.path or (self.path != "/" and path.startswith(f"{self.path}/"))


PLACES = (
    Place(path="/", name="home", on_phone=True),
    Place(path="/live", name="live", on_phone=True),
    Place(path="/reports", name="reports", on_phone=True),
    Place(path="/find", name="search"),
    Place(path="/uploads", name="uploads", right=Right.OPERATE),
    Place(path="/statistics", name="statistics"),
    Place(path="/zones", name="zones", right=Right.ADMIN),
    Place(path="/queue", name="queue", right=Right.ADMIN),
    Place(path="/settings", name="settings", right=Right.ADMIN),
)


def places_for(caller: Caller) -> tuple[Place, ...]:
    """The entries that `caller` may open."""
    return tuple(place for place in PLACES if caller.may(place.right))
