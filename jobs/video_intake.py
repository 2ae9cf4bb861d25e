"""How a video gets in, whichever way it came: looked at first, then kept, then asked for in the database."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from jobs.analysis_queue import AnalysisQueue
from jobs.context import utc_now
from jobs.shown_name import shown_name
from jobs.start_bounds import refuse_absurd_start
from pipeline.errors import InvalidValueError, UploadRefusedError
from storage.analyses import Analysis, AnalysisKind, AnalysisSource, AnalysisState, NewAnalysis, UploadedFile
from storage.analysis_store import Submitted
from storage.upload_store import Incoming

# Names of settings of an analysis.
STARTED_AT = "started_at"
ANNOTATED = "annotated"
_RULES = "rules"

_MEDIA_TYPES = (
    (b"ftyp", 4, "video/mp4"),
    (b"moov", 4, "video/quicktime"),
    (b"mdat", 4, "video/quicktime"),
    (b"wide", 4, "video/quicktime"),
    (b"\x1a\x45\xdf\xa3", 0, "video/x-matroska"),
    (b"AVI ", 8, "video/x-msvideo"),
    (b"FLV\x01", 0, "video/x-flv"),
    (b"\x30\x26\xb2\x75", 0, "video/x-ms-asf"),
    (b"\x00\x00\x01\xba", 0, "video/mpeg"),
    (b"\x47", 0, "video/mp2t"),
)
# Brands of pictures in the container of MP4 (ISO/IEC 23008-12, annex B; AV1 Image File Format, 6).
_PICTURE_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif"})


class VideoProbe(Protocol):
    """Looks at a video without decoding it."""

    def __call__(self, path: Path) -> object:
        """Return when the video may be analysed.

        Raises:
            UploadRefusedError: it is no video, is damaged beyond use, lies, or is over a limit.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoAsked:
    """What somebody wants done with a video.

    Attributes:
        name: what its sender calls the file; only shown.
        camera: whose zones apply; None where the configuration has one camera or none.
        started_at: when it was filmed, aware; None leaves it to the file.
        source: the entrance.
        owner: who sent it.
    """

    name: str
    camera: str | None = None
    started_at: datetime | None = None
    source: AnalysisSource
    owner: str

    def __post_init__(self) -> None:
        if self.started_at is not None and self.started_at.utcoffset() is None:
            raise InvalidValueError(
                "expected a time with its offset such as 2026-05-01T09:00:00+09:00, got "
                f"{self.started_at.isoformat()}"
            )


class VideoIntake:
    """Takes in videos. Threads may share it.

    Args:
        queue: stores and queues what is asked for.
        probe: refuses what cannot be analysed.
        rules: names the settings that a camera's videos are judged by; None is the whole picture.
        cameras: gives the names of all cameras now.
        now: the clock, aware UTC.
    """

    def __init__(
        self,
        queue: AnalysisQueue,
        *,
        probe: VideoProbe,
        rules: Callable[[str | None], str],
        cameras: Callable[[], tuple[str, ...]],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._now = now
        self._queue = queue
        self._probe = probe
        self._rules = rules
        self._named = cameras

    def camera(self, wanted: str | None) -> str | None:
        """The camera whose zones apply: `wanted`, or the only one there is; None when there is none at all.

        Raises:
            InvalidValueError: it is unknown, or must be named as there are several.
        """
        known = ", ".join(self._named()) or "none at all"
        if wanted is not None and wanted not in self._named():
            raise InvalidValueError(f"no camera is named {wanted!r}; the configuration has {known}")
        if wanted is None and len(self._named()) > 1:
            raise InvalidValueError(f"say whose view the video shows: `camera` with one of {known}")
        return wanted or next(iter(self._named()), None)

    def take(self, incoming: Incoming, asked: VideoAsked) -> Submitted:
        """Take a video that has come in whole; what raises leaves neither file nor row.

        Raises:
            InvalidValueError: the camera, see `camera`; or no video was filmed when it is said to.
            UploadRefusedError: the file cannot be analysed.
            UploadError, StorageError: it cannot be kept now.
        """
        camera = self.camera(asked.camera)
        if asked.started_at is not None:
            refuse_absurd_start(asked.started_at, self._now())
        if incoming.size_bytes == 0:
            raise UploadRefusedError("the file is empty: it has 0 bytes")
        media_type = _media_type(incoming.path)
        self._probe(incoming.path)
        settings = {_RULES: self._rules(camera)}
        if asked.started_at is not None:
            settings[STARTED_AT] = asked.started_at.isoformat()
        # The file first: a row whose file is missing would be an analysis that can never be done.
        kept = incoming.keep()
        return self._submit(
            UploadedFile(
                key=kept.key,
                sha256=kept.sha256,
                name=shown_name(asked.name, "video"),
                media_type=media_type,
                size_bytes=kept.size_bytes,
            ),
            settings,
            camera,
            source=asked.source,
            owner=asked.owner,
        )

    def annotate(self, analysis: Analysis, *, owner: str) -> Submitted:
        """Ask for the annotated copy of an analysed video; a second time gives the first one.

        Raises:
            InvalidValueError: it is no video, or not analysed yet.
            StorageError: it cannot be stored now.
        """
        if analysis.asked.kind is not AnalysisKind.VIDEO or ANNOTATED in analysis.asked.settings:
            raise InvalidValueError(f"expected the analysis of a video, got {analysis.asked.kind.value}")
        if analysis.state is not AnalysisState.COMPLETED:
            raise InvalidValueError(f"the analysis is {analysis.state.value}; ask again when it is completed")
        # The same clock as on the photos, also where that began when the video was handed in.
        found = json.loads(analysis.result or "{}")
        return self._submit(
            analysis.asked.files[0],
            dict(analysis.asked.settings) | {STARTED_AT: str(found["started_at"]), ANNOTATED: analysis.id},
            analysis.asked.camera,
            source=analysis.asked.source,
            owner=owner,
        )

    def _submit(
        self,
        file: UploadedFile,
        settings: Mapping[str, str],
        camera: str | None,
        *,
        source: AnalysisSource,
        owner: str,
    ) -> Submitted:
        return self._queue.submit(
            NewAnalysis(
                id=uuid.uuid4().hex,
                kind=AnalysisKind.VIDEO,
                files=(file,),
                settings=settings,
                camera=camera,
                source=source,
                owner=owner,
            )
        )


def _media_type(path: Path) -> str:
    """What the first bytes say.

    Raises:
        UploadRefusedError: no video begins so.
    """
    with path.open("rb") as file:
        head = file.read(16)
    if head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS:
        raise UploadRefusedError("the file is a picture, no video: send it as a photo")
    for mark, at, media_type in _MEDIA_TYPES:
        if head[at : at + len(mark)] == mark:
            return media_type
    raise UploadRefusedError(
        "the file is no video: it begins like none of MP4, MOV, MKV, AVI, FLV, ASF, MPEG"
    )
