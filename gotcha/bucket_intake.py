"""Files of buckets on their way in: a photo goes the way of photos, a video that of videos."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from gotcha.config_videos import IngestFolder
from jobs.bucket_notices import BucketNotice
from jobs.notice_taking import TakenFile, Taking
from pipeline.errors import InvalidValueError, SourcePermanentError, UploadRefusedError, UploadTooLargeError
from sources.bucket_objects import BucketObject, BucketObjects
from storage.analyses import AnalysisFilter
from storage.analysis_store import AnalysisStore, Submitted
from storage.upload_store import Incoming, UploadStore, shown_size

_log = logging.getLogger(__name__)


class FileKind(Enum):
    """Which way a file goes."""

    PHOTO = "photo"
    VIDEO = "video"


# All that the intakes take: who fills a bucket often says no media type.
_PHOTOS = ".jpg .jpeg .jpe .jfif .png .webp .heic .heif"
_VIDEOS = ".mp4 .m4v .mov .qt .mkv .webm .avi .ts .mts .m2ts .mpg .mpeg .flv .3gp .3g2 .asf .wmv"
_KINDS = {
    **dict.fromkeys(_PHOTOS.split(), FileKind.PHOTO),
    **dict.fromkeys(_VIDEOS.split(), FileKind.VIDEO),
}
_TYPES = {"image": FileKind.PHOTO, "video": FileKind.VIDEO}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWay:
    """How files of a kind are taken in.

    Attributes:
        limit_bytes: none may be larger.
        take: takes a file that has come in whole: the file, its name, the camera, and who sends it.
    """

    limit_bytes: int
    take: Callable[[Incoming, str, str | None, str], Submitted]


class BucketIntake:
    """Implements `jobs.notice_taking.NoticeTaker`. Threads may share it.

    Args:
        folders: the buckets whose files are taken; the longest prefix that fits decides.
        objects: reads them.
        uploads: keeps the files.
        analyses: knows which were taken already.
        ways: how files of each kind are taken in.
    """

    def __init__(
        self,
        folders: tuple[IngestFolder, ...],
        *,
        objects: BucketObjects,
        uploads: UploadStore,
        analyses: AnalysisStore,
        ways: Mapping[FileKind, FileWay],
    ) -> None:
        self._folders = sorted(folders, key=lambda folder: -len(folder.prefix))
        self._objects = objects
        self._uploads = uploads
        self._analyses = analyses
        self._ways = ways

    def take(self, notice: BucketNotice) -> TakenFile:
        taken = self._taken(notice)
        level = logging.WARNING if taken.taking in (Taking.REFUSED, Taking.GONE) else logging.INFO
        _log.log(level, "%s: %s", notice, f"{taken.taking.value} {taken.reason or taken.analysis_id}")
        return taken

    def _taken(self, notice: BucketNotice) -> TakenFile:
        folder = next(
            (
                one
                for one in self._folders
                if one.bucket == notice.bucket and notice.key.startswith(one.prefix)
            ),
            None,
        )
        if folder is None:
            return _ended(notice, Taking.REFUSED, "it lies in none of ingest.folders")
        try:
            found = self._objects.look(notice.bucket, notice.key, notice.version)
        except SourcePermanentError as error:
            return _ended(notice, Taking.GONE, str(error))
        way = self._ways.get(kind) if (kind := _kind(found)) is not None else None
        if way is None:
            return _ended(notice, Taking.IGNORED, "it is neither a photo nor a video")
        # Whose content is new has a new mark: a notice that comes again is known without reading the file.
        owner = f"{notice}@{found.version or found.etag}"
        known = self._analyses.list(AnalysisFilter(owner=owner, limit=1))
        # One that failed for what was away is begun again by a notice that comes again.
        if known and not known[0].gave_up_waiting:
            return TakenFile(notice=notice, taking=Taking.KNOWN, analysis_id=known[0].id)
        try:
            submitted = self._read(found, way, folder.camera, owner)
        except SourcePermanentError as error:
            return _ended(notice, Taking.GONE, str(error))
        except (UploadRefusedError, InvalidValueError) as error:
            return _ended(notice, Taking.REFUSED, str(error))
        return TakenFile(
            notice=notice,
            taking=Taking.NEW if submitted.new else Taking.KNOWN,
            analysis_id=submitted.analysis.id,
        )

    def _read(self, found: BucketObject, way: FileWay, camera: str | None, owner: str) -> Submitted:
        if found.size_bytes > way.limit_bytes:
            raise UploadTooLargeError(
                f"it has {shown_size(found.size_bytes)}; at most {shown_size(way.limit_bytes)} are taken"
            )
        with self._uploads.receive(limit_bytes=way.limit_bytes) as incoming:
            self._objects.read(found, incoming, limit_bytes=way.limit_bytes)
            return way.take(incoming, PurePosixPath(found.key).name, camera, owner)


def _kind(found: BucketObject) -> FileKind | None:
    by_name = _KINDS.get(PurePosixPath(found.key).suffix.lower())
    return by_name or _TYPES.get(found.media_type.partition("/")[0].lower())


def _ended(notice: BucketNotice, taking: Taking, reason: str) -> TakenFile:
    return TakenFile(notice=notice, taking=taking, reason=reason)
