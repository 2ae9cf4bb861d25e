"""What the webhook of buckets works with."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.notice_taking import NoticeTaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Who takes in the files, and the token that a sender must show."""

    taker: NoticeTaker
    token: str = field(repr=False)
