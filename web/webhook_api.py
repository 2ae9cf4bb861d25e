"""A webhook for notices of buckets, as MinIO sends them: the inbox of people without SQS."""

from __future__ import annotations

import hmac
import threading
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from jobs.bucket_notices import BucketNotice, read_notices
from jobs.notice_taking import TakenFile, Taking
from pipeline.errors import PayloadError, SourceError
from web.services import WebServices, services_of

router = APIRouter(prefix="/ingest", tags=["buckets"])

_MOST_BYTES = 1_000_000
# Reading files out of buckets must leave threads for everybody else.
_AT_ONCE = threading.BoundedSemaphore(4)


class TakenAnswer(BaseModel):
    """What became of one file; `taking` is new, known, ignored, gone or refused."""

    file: str
    taking: Taking
    analysis: str | None
    reason: str


@router.post("/s3-events")
async def s3_events(
    request: Request, services: Annotated[WebServices, Depends(services_of)]
) -> list[TakenAnswer]:
    """Take in the files that a notice tells of; their analyses are stored when the answer comes.

    `Authorization` holds the token of `ingest.webhook_token`, with or without `Bearer`. 503 asks the sender
    to come again: the bucket, the database or the disk is away. A file that is refused is said so with 200,
    as sending it again would not help.
    """
    hook = services.webhook
    if hook is None:
        raise HTTPException(404, "there is no webhook: set ingest.webhook_token and ingest.folders")
    shown = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not hmac.compare_digest(shown.encode(), hook.token.encode()):
        raise HTTPException(401, "the token is wrong", headers={"WWW-Authenticate": "Bearer"})
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise HTTPException(413, f"a notice has at most {_MOST_BYTES:,} bytes")
    try:
        notices = read_notices(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise HTTPException(422, "the message is no notice of a bucket: it is no UTF-8") from None
    except PayloadError as error:
        raise HTTPException(422, str(error)) from None
    taken = await run_in_threadpool(_taken, services, notices)
    return [
        TakenAnswer(file=str(one.notice), taking=one.taking, analysis=one.analysis_id, reason=one.reason)
        for one in taken
    ]


def _taken(services: WebServices, notices: tuple[BucketNotice, ...]) -> list[TakenFile]:
    assert services.webhook is not None  # noqa: S101 - the route has looked
    if not _AT_ONCE.acquire(blocking=False):
        raise HTTPException(503, "other notices are being taken in", headers={"Retry-After": "5"})
    try:
        return [services.webhook.taker.take(notice) for notice in notices]
    except SourceError as error:
        raise HTTPException(503, str(error), headers={"Retry-After": "30"}) from None
    finally:
        _AT_ONCE.release()
