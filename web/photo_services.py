"""What the routes of photos and of analyses work with."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.analysis_queue import AnalysisQueue
from jobs.notice_taking import NoticeTaker
from jobs.photo_intake import PhotoIntake
from storage.analysis_store import AnalysisStore
from storage.upload_store import UploadStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoServices:
    """Each part is safe to share by threads.

    Attributes:
        intake: takes in photos.
        queue: of the analyses, to cancel them.
        analyses: what became of them.
        uploads: where files come in, and where drawn pictures lie.
        buckets: takes in a photo that lies in a bucket; None where no bucket is configured.
    """

    intake: PhotoIntake
    queue: AnalysisQueue
    analyses: AnalysisStore
    uploads: UploadStore
    buckets: NoticeTaker | None
