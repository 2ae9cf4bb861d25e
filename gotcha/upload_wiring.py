"""Where the uploaded files of a configuration lie, and how long."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from gotcha.config import Config
from pipeline.errors import UploadError
from storage.analysis_store import AnalysisStore
from storage.evidence_bucket import BucketAddress
from storage.upload_folder import UploadFolder
from storage.upload_store import UploadStore

_log = logging.getLogger(__name__)

# What no analysis names yet is being sent just now, or was left by a program that was killed.
_UNNAMED_KEPT = timedelta(days=1)


def open_uploads(config: Config) -> UploadStore:
    """The folder or bucket of `config`.

    Raises:
        UploadError: it cannot be used; says what to do.
    """
    folder = config.uploads.folder or config.state_dir / "uploads"
    wanted = config.evidence.s3
    if wanted is None or config.uploads.folder is not None:
        return UploadFolder(folder)
    # Imported when asked for: boto3 takes a third of a second, which a folder should not cost.
    from storage.upload_bucket import UploadBucket

    return UploadBucket(
        BucketAddress(
            bucket=wanted.bucket, prefix=wanted.prefix, endpoint=wanted.endpoint, region=wanted.region
        ),
        folder,
    )


def purge_uploads(
    uploads: UploadStore, analyses: AnalysisStore, *, now: datetime, keep: timedelta
) -> tuple[int, int]:
    """Forget analyses that ended before `now - keep`, and delete the files that none names any more.

    Returns:
        How many analyses and how many files went.

    Raises:
        StorageError: the database refuses.
    """
    forgotten = analyses.forget(ended_before=now - keep)
    deleted = 0
    try:
        before = now - _UNNAMED_KEPT
        old = [blob.key for blob in uploads.blobs() if blob.modified_at < before]
        # Asked after the files were listed: what is submitted in between is named. What is sent again just
        # now, and not named yet, is no longer old.
        named = analyses.upload_keys()
        deleted = sum(uploads.delete(key, kept_before=before) for key in old if key not in named)
    except UploadError as error:
        _log.warning("expired uploads wait to be deleted: %s", error)
    return forgotten, deleted
