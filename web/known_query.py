"""Queries of programs: a filter that is misspelt would be none, and everything would seem to meet it."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException, Request


def known_query(request: Request) -> None:
    """A dependency: 422 for a query parameter that the OpenAPI document does not name for the route.

    Raises:
        HTTPException: 422, with what may be asked.
    """
    described: dict[str, Any] = request.app.openapi()["paths"][request.scope["route"].path]
    parameters = described[request.method.lower()].get("parameters", ())
    known = [one["name"] for one in parameters if one["in"] == "query"]
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        raise HTTPException(422, f"expected {', '.join(known)}, got {', '.join(unknown)}")
