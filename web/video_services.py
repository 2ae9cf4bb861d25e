"""What the routes of videos work with."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.analysis_queue import AnalysisQueue
from jobs.video_intake import VideoIntake
from storage.analysis_store import AnalysisStore
from storage.partial_uploads import PartialUploads
from storage.upload_store import UploadStore


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoServices:
    """Each part is safe to share by threads.

    Attributes:
        intake: takes in what has arrived whole.
        queue: cancels.
        analyses: how far each is, and its result.
        uploads: where files are kept.
        partials: uploads that come in pieces.
    """

    intake: VideoIntake
    queue: AnalysisQueue
    analyses: AnalysisStore
    uploads: UploadStore
    partials: PartialUploads

    @property
    def limit_bytes(self) -> int:
        """No video may be longer."""
        return self.partials.limit_bytes
