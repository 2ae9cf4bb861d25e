"""What an analysis is, of uploaded files or of a report: its values, from the request to the result."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pipeline.errors import InvalidValueError

MAX_LISTED = 1000
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class AnalysisKind(StrEnum):
    """What is done with the files; `EXPORT` makes the evidence pack of a report."""

    PHOTO = "photo"
    VIDEO = "video"
    DETECT = "detect"
    COMPARE = "compare"
    EXPORT = "export"


class AnalysisState(StrEnum):
    """How far it is: `queued → processing → completed | failed | cancelled`."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({AnalysisState.COMPLETED, AnalysisState.FAILED, AnalysisState.CANCELLED})


class AnalysisSource(StrEnum):
    """Which entrance the files came in by."""

    HTTP = "http"
    CLI = "cli"
    BUCKET = "bucket"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """One file of an analysis.

    Attributes:
        key: where `storage.upload_store` keeps it.
        sha256: of its bytes, 64 hex digits.
        name: what its sender called it, for people only; never a path here.
        media_type: what its content says it is, such as image/jpeg.
        size_bytes: its length.
    """

    key: str
    sha256: str
    name: str
    media_type: str
    size_bytes: int

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256):
            raise InvalidValueError(f"expected a SHA-256 of 64 hex digits, got {self.sha256!r}")
        if self.size_bytes < 1:
            raise InvalidValueError(f"expected a file of at least 1 byte, got {self.size_bytes}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnalysis:
    """What is asked for.

    Attributes:
        id: 32 hex digits, unique; the id of its job too.
        kind: what is done with the files.
        files: in the order they were given.
        settings: whatever else its kind needs to know, and what makes its result another one.
        camera: the camera whose zones apply, or None: whatever the analysis finds out itself.
        source: by which entrance it came.
        owner: who sent it: an account's, a device's or a bucket's name.
        report_id: the stored report it is about, with which it goes; None: it is about files.
    """

    id: str
    kind: AnalysisKind
    files: tuple[UploadedFile, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    camera: str | None = None
    source: AnalysisSource
    owner: str
    report_id: str | None = None

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise InvalidValueError(f"expected an id of 32 hex digits, got {self.id!r}")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that decides the result: the same one needs no second analysis."""
        asked = {
            "kind": self.kind.value,
            "files": [file.sha256 for file in self.files],
            "settings": dict(self.settings),
            "camera": self.camera,
        }
        if self.report_id is not None:
            asked["report"] = self.report_id
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an analysis is, seconds of media time.

    Attributes:
        done_s, whole_s: looked at, and in all; 0 of 0 where that is not known.
        remaining_s: seconds it will still take, about; None where not known.
    """

    done_s: float = 0.0
    whole_s: float = 0.0
    remaining_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """An analysis as stored.

    Attributes:
        asked: what was asked for.
        state: how far it is.
        created_at, started_at, ended_at: aware UTC; None: not yet.
        waiting_since: when something that it needs was first found to be away; None: nothing was.
        attempts: how often a worker began it.
        cancel_asked: somebody wants it ended; the worker has not heard yet.
        progress: how far it is.
        error: why it failed, or what it waits for while it is queued again, one sentence; else "".
        result: JSON text of what was found; None before it is completed.
    """

    asked: NewAnalysis
    state: AnalysisState
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    waiting_since: datetime | None = None
    attempts: int
    cancel_asked: bool
    progress: Progress
    error: str
    result: str | None

    @property
    def id(self) -> str:
        return self.asked.id

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self.state in ENDED

    @property
    def gave_up_waiting(self) -> bool:
        """Whether it failed for what was away and not for its files: begun again it may do better."""
        return self.state is AnalysisState.FAILED and self.waiting_since is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingAnalysis:
    """One that nobody works on: what it takes to queue it."""

    id: str
    kind: AnalysisKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBy:
    """Who asks: they see what they sent themselves, and what is about one of their cameras."""

    name: str
    cameras: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisFilter:
    """Which analyses to list, newest first; None or empty means any; `limit` 1-1000 of those that fit."""

    kinds: frozenset[AnalysisKind] = frozenset()
    report_id: str | None = None
    states: frozenset[AnalysisState] = frozenset()
    camera: str | None = None
    owner: str | None = None
    seen_by: SeenBy | None = None
    limit: int = 100
    offset: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LISTED:
            raise InvalidValueError(f"expected a limit of 1-{MAX_LISTED}, got {self.limit}")
        if self.offset < 0:
            raise InvalidValueError(f"expected an offset of at least 0, got {self.offset}")
