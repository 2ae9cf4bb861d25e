"""What `gotcha photo` does: takes photos in as an upload, and analyses them in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from gotcha.analyzers import build_analyzers
from gotcha.analyzing import opened_tools
from gotcha.config import Config
from gotcha.photo_wiring import photo_intake
from gotcha.state_folder import prepare
from jobs.analyses import AnalysisRunner
from jobs.analysis_queue import AnalysisQueue
from jobs.embedded_redis import open_redis
from jobs.photo_intake import NamedFile, PhotosAsked
from pipeline.errors import UploadRefusedError
from storage.analyses import Analysis, AnalysisSource
from storage.analysis_store import AnalysisStore
from storage.upload_store import Incoming

_LOOK_S = 0.2
_AGAIN_S = 3.0


def analyze_photos(
    config: Config,
    paths: Sequence[Path],
    stop: threading.Event,
    *,
    camera: str | None,
    taken_at: datetime | None,
    owner: str,
    observe: Callable[[Analysis], None],
) -> Analysis:
    """Take photos in and see their analysis to its end; another worker may do it.

    Args:
        config: whose cameras, models and database.
        paths: the photos.
        stop: ends the waiting; the analysis is left to a worker then.
        camera: whose view they show, or None.
        taken_at: when a single photo was taken, aware, or None.
        owner: who asks.
        observe: is told of the analysis now and then.

    Raises:
        InvalidValueError: the camera or the time cannot be.
        UploadRefusedError: a file is not taken.
        UploadError, StorageError, EvidenceError, QueueError: something it needs cannot be used.
    """
    prepare(config.state_dir)
    with (
        open_redis(config.redis_url, config.state_dir) as service,
        opened_tools(config, service.url) as tools,
    ):
        store = AnalysisStore(tools.engine)
        intake = photo_intake(config, AnalysisQueue(store, service.connect()))
        asked = PhotosAsked(camera=camera, taken_at=taken_at, source=AnalysisSource.CLI, owner=owner)
        with ExitStack() as stack:
            files = [
                NamedFile(
                    incoming=_written(
                        path,
                        stack.enter_context(tools.uploads.receive(limit_bytes=config.photos.max_bytes)),
                    ),
                    name=path.name,
                )
                for path in paths
            ]
            analysis = intake.take(files, asked).analysis
        runner = AnalysisRunner(
            store,
            build_analyzers(tools),
            stop,
            patience=timedelta(seconds=config.uploads.outage_wait_s),
        )
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis") as pool:
            # Whoever is first does it: this process, or a worker that runs beside it.
            work = pool.submit(runner.run, analysis.id)
            begun_s = monotonic()
            while not analysis.ended and not stop.wait(_LOOK_S):
                if work.done():
                    # Nothing, or why it could not be begun.
                    work.result()
                    if monotonic() - begun_s > _AGAIN_S:
                        # It waits for what is away, and there may be no worker to begin it again.
                        work, begun_s = pool.submit(runner.run, analysis.id), monotonic()
                analysis = _newest(store, analysis)
                observe(analysis)
            work.result()
        return _newest(store, analysis)


def _newest(store: AnalysisStore, analysis: Analysis) -> Analysis:
    found = store.get(analysis.id)
    return analysis if found is None else found


def _written(path: Path, incoming: Incoming) -> Incoming:
    if not path.is_file():
        raise UploadRefusedError(f"{path}: {'it is no file' if path.exists() else 'there is no such file'}")
    incoming.write_file(path)
    return incoming
