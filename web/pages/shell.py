"""What makes the pages an application: manifest, service worker, the page shown while there is no network."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from web.pages.page import render, words_of

router = APIRouter(include_in_schema=False)

STATIC = Path(__file__).parent.parent / "static"


@router.get("/manifest.webmanifest")
def manifest(request: Request) -> Response:
    """How the application is called and looks when it is installed (W3C Web Application Manifest)."""
    spoken = words_of(request)
    icons = [
        {"src": f"/static/icons/{name}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": use}
        for name, size, use in (
            ("icon-192", 192, "any"),
            ("icon-512", 512, "any"),
            ("maskable-512", 512, "maskable"),
        )
    ]
    value = {
        "name": spoken("frame.product"),
        "short_name": spoken("frame.product"),
        "description": spoken("frame.about"),
        "lang": spoken.language,
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#12161b",
        "theme_color": "#12161b",
        "icons": icons,
    }
    return JSONResponse(value, media_type="application/manifest+json")


@router.get("/sw.js")
def service_worker() -> Response:
    """The service worker; it has to lie at the top to serve every page."""
    return FileResponse(
        STATIC / "js" / "service-worker.js",
        media_type="text/javascript",
        headers={"Cache-Control": "no-cache"},
    )


@router.get("/offline")
def offline(request: Request) -> Response:
    """Shown while the server cannot be reached."""
    return render(request, "offline.html", {})
