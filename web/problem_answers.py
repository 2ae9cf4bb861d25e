"""What an endpoint answers when it does not do what was asked, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class Problem(BaseModel):
    """Why it was not done.

    Attributes:
        status: the same as the answer's.
        detail: one clear sentence.
    """

    status: int
    detail: str


_MEANINGS = {
    400: "the request is cut off or cannot be read",
    401: "nobody is logged in: send a session, a bearer token or X-API-Key",
    403: "not allowed to the caller, or not with this camera",
    404: "there is none, or it is not the caller's",
    409: "not in its present state; the sentence says what to do",
    413: "larger or longer than what is taken",
    415: "of a type that is not taken",
    422: "what was sent cannot be used; the sentence says why",
    503: "the database, the bucket or the disk is away: try again later",
}


def problems(*statuses: int, **meanings: str) -> dict[int | str, dict[str, Any]]:
    """Entries for `responses` of a route.

    Args:
        statuses: those it answers with.
        meanings: of one of them where it is a special one, such as s409="the offset is another".
    """
    said = _MEANINGS | {int(name.removeprefix("s")): text for name, text in meanings.items()}
    return {
        status: {
            "description": said[status],
            "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
        }
        for status in statuses
    }
