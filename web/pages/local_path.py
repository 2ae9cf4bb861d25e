"""Where to go on after a form: a page of ours, whatever the address says."""

from __future__ import annotations

from urllib.parse import urlsplit


def local_path(wanted: str | None) -> str:
    r"""`wanted` if it is a path of this site, else the home page.

    A browser reads `//host`, `/\\host` and a path with a line break as another site's address.
    """
    if wanted is None or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return "/"
    parts = urlsplit(wanted)
    plain = not parts.scheme and not parts.netloc and "\\" not in wanted
    return wanted if plain and wanted.isprintable() else "/"
