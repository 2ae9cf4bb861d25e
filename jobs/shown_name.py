"""What a sender calls a file, as it may be shown on pages, terminals and in evidence packs."""

from __future__ import annotations

import re

_LONGEST = 120
# Controls, and what turns the direction of a line round or has no width (Unicode Standard Annex 9, 2): a name
# must not be read as another.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def shown_name(name: str, nameless: str) -> str:
    """`name` without folders and what nobody sees; one that leaves nothing is `nameless`."""
    last = _UNSHOWN.sub("", name.replace("\\", "/")).rstrip("/").rsplit("/", 1)[-1].strip()
    return last[-_LONGEST:] or nameless
