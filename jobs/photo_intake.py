"""How photos get in, whichever way they come: looked at first, then kept, then asked for in the database."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.analysis_queue import AnalysisQueue
from jobs.context import utc_now
from jobs.photo_facts import PhotoFacts, PhotoLimits, photo_facts
from jobs.shown_name import shown_name
from pipeline.errors import InvalidValueError, UploadRefusedError
from storage.analyses import AnalysisKind, AnalysisSource, NewAnalysis, UploadedFile
from storage.analysis_store import Submitted
from storage.upload_store import Incoming

# Names of settings of an analysis.
TAKEN_AT = "taken_at"
FIRST, SECOND = "first", "second"
_RULES, _REVISIONS = "rules", "revisions"
# Looking at a HEIC takes its whole length in memory; so many are looked at at a time.
_LOOKED_AT = 4
_EARLIEST_YEAR = 1990
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotosAsked:
    """What somebody wants done with photos.

    Attributes:
        kind: photo, detect or compare.
        camera: whose view they show; None: found by their GPS, else none.
        taken_at: when a single photo was taken, aware; None leaves it to its EXIF.
        source: the entrance.
        owner: who sent them.
    """

    kind: AnalysisKind = AnalysisKind.PHOTO
    camera: str | None = None
    taken_at: datetime | None = None
    source: AnalysisSource
    owner: str

    def __post_init__(self) -> None:
        if self.taken_at is not None and self.taken_at.utcoffset() is None:
            raise InvalidValueError(
                "expected a time with its offset such as 2026-05-01T09:00:00+09:00, got "
                f"{self.taken_at.isoformat()}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file that has come in whole, and what its sender calls it."""

    incoming: Incoming
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRevision:
    """A report as it is now."""

    id: str
    revision: int


class PhotoIntake:
    """Takes in photos. Threads may share it.

    Args:
        queue: stores and queues what is asked for.
        limits: what a photo may be at most.
        most: photos in one request at most.
        rules: names what decides the result besides the photos: zones, hours, models.
        cameras: gives the names of all cameras now.
        now: the clock, aware UTC.
    """

    def __init__(
        self,
        queue: AnalysisQueue,
        *,
        limits: PhotoLimits,
        most: int,
        rules: Callable[[], str],
        cameras: Callable[[], tuple[str, ...]],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._queue = queue
        self.limits = limits
        self.most = most
        self._rules = rules
        self._named = cameras
        self._now = now
        self._turns = threading.BoundedSemaphore(_LOOKED_AT)

    def take(self, files: Sequence[NamedFile], asked: PhotosAsked) -> Submitted:
        """Take photos that have come in whole; what raises leaves neither file nor row.

        Raises:
            InvalidValueError: the camera is unknown, or the time belongs to none of several photos.
            UploadRefusedError: one of the files is not taken; names it.
            UploadError, StorageError: they cannot be kept now.
        """
        self._check(files, asked)
        looked = [self._facts(file) for file in files]
        kept = [file.incoming.keep() for file in files]
        more = {_RULES: self._rules()}
        if asked.taken_at is not None:
            more[TAKEN_AT] = asked.taken_at.isoformat()
        return self._queue.submit(
            NewAnalysis(
                id=uuid.uuid4().hex,
                kind=asked.kind,
                files=tuple(
                    UploadedFile(
                        key=upload.key,
                        sha256=upload.sha256,
                        name=shown_name(file.name, "photo"),
                        media_type=facts.media_type.value,
                        size_bytes=upload.size_bytes,
                    )
                    for file, upload, facts in zip(files, kept, looked, strict=True)
                ),
                settings=more,
                camera=asked.camera,
                source=asked.source,
                owner=asked.owner,
            )
        )

    def compare(
        self, first: ReportRevision, second: ReportRevision, *, source: AnalysisSource, owner: str
    ) -> Submitted:
        """Ask for the comparison of the pictures of two reports.

        Raises:
            StorageError: it cannot be stored now.
        """
        settings = {
            FIRST: first.id,
            SECOND: second.id,
            _REVISIONS: f"{first.revision},{second.revision}",
            _RULES: self._rules(),
        }
        return self._queue.submit(
            NewAnalysis(
                id=uuid.uuid4().hex,
                kind=AnalysisKind.COMPARE,
                files=(),
                settings=settings,
                source=source,
                owner=owner,
            )
        )

    def _check(self, files: Sequence[NamedFile], asked: PhotosAsked) -> None:
        if not 1 <= len(files) <= self.most:
            raise UploadRefusedError(f"expected 1 to {self.most} photos, got {len(files)}")
        if asked.camera is not None and asked.camera not in self._named():
            known = ", ".join(self._named()) or "none at all"
            raise InvalidValueError(f"no camera is named {asked.camera!r}; the configuration has {known}")
        if asked.taken_at is None:
            return
        if len(files) > 1:
            raise InvalidValueError("taken_at is for one photo; send several photos one by one")
        if asked.taken_at > self._now() + _AHEAD or asked.taken_at.year < _EARLIEST_YEAR:
            raise InvalidValueError(f"no photo was taken at {asked.taken_at.isoformat()}")

    def _facts(self, file: NamedFile) -> PhotoFacts:
        try:
            with self._turns:
                return photo_facts(file.incoming.path, self.limits, self._now())
        except UploadRefusedError as error:
            raise type(error)(f"{shown_name(file.name, 'photo')}: {error}") from error
