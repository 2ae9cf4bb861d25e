"""What becomes of a notice of a bucket."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from jobs.bucket_notices import BucketNotice


class Taking(StrEnum):
    """What became of a file that appeared in a bucket."""

    NEW = "new"
    KNOWN = "known"
    IGNORED = "ignored"
    GONE = "gone"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenFile:
    """The end of a notice.

    Attributes:
        notice: which file.
        taking: what became of it.
        analysis_id: of its analysis, where there is one.
        reason: why there is none, one sentence; else "".
    """

    notice: BucketNotice
    taking: Taking
    analysis_id: str | None = None
    reason: str = ""


class NoticeTaker(Protocol):
    """Takes in the files that notices tell of."""

    def take(self, notice: BucketNotice) -> TakenFile:
        """Take in one file; when this returns, its analysis is stored.

        Raises:
            SourceOpenError, StorageUnavailableError, UploadError: bucket, database or disk is away; the same
                call may succeed later.
            SourceError, StorageError: this file cannot be had; trying again may help.
        """
        ...
