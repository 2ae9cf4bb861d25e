"""What a person sees when something did not work."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from web.pages.page import render, wants_page, words_of


def problem_page(request: Request, status: int, detail: str) -> Response | None:
    """The page for a problem; the login for somebody who is not logged in; None for a program."""
    if not wants_page(request):
        return None
    if status == 401 and request.method == "GET":
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(path, safe='')}", 303)
    spoken = words_of(request)
    key = f"problem.{status}"
    if not spoken.has(key):
        key = "problem.422" if status < 500 else "problem.500"
    # Our own sentences say more, in English; of what was not foreseen there is nothing to say.
    context = {"sentence": spoken(key), "detail": "" if status in (401, 404, 500) else detail}
    return render(request, "problem.html", context, status=status)
