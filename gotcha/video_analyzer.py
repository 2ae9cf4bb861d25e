"""Analysing an uploaded video in a worker: the same engine, the same reports, stored once."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from gotcha.analysis_json import analysis_json
from gotcha.cli.report_json import Json
from gotcha.config import Config
from gotcha.state_folder import prepare
from gotcha.video_identity import analysis_root, settings_digest
from jobs.analyses import AnalysisControl
from jobs.report_keeper import ReportKeeper
from jobs.video_intake import ANNOTATED, STARTED_AT
from pipeline.report import EvidenceStore, Report
from sources.video_facts import VideoFacts, VideoLimits
from sources.video_probe import probed
from storage.analyses import Analysis, Progress, UploadedFile
from storage.evidence_folder import EvidenceFolder
from storage.upload_store import UploadStore, check_content

if TYPE_CHECKING:
    from gotcha.analysis import AnalysisResult
    from gotcha.models import Models

# Analysed to its end, a video ends by less before the last stamp of its packets.
_SHORT_S = 2.0
_UNDATED = (
    "the video does not say when it was filmed: its times count from when it was handed in and are not "
    "those of the street"
)


class VideoAnalyzer:
    """Does the analyses of kind `video`; implements `jobs.analyses.Analyzer`.

    Args:
        config: whose cameras and zones.
        models: opens the models when they are first needed, or gives those that are open.
        uploads: where the videos lie.
        evidence: takes the photos and clips of the reports.
        reports: stores the reports.
        limits: what is analysed at most.
    """

    def __init__(
        self,
        config: Config,
        *,
        models: Callable[[], Models],
        uploads: UploadStore,
        evidence: EvidenceStore,
        reports: ReportKeeper,
        limits: VideoLimits,
    ) -> None:
        self._config = config
        self._models = models
        self._uploads = uploads
        self._evidence = evidence
        self._reports = reports
        self._limits = limits

    def analyze(self, analysis: Analysis, control: AnalysisControl) -> str:
        """What was found, as JSON text (`gotcha.analysis_json`); its reports are stored before it returns.

        Raises:
            AnalysisInterrupted: `control.stop` was set before it was done; no report is stored.
            UploadError: the file is gone.
            UploadRefusedError: it is no video that can be analysed.
            SourceError: nothing of it can be decoded.
            StorageUnavailableError, EvidenceUnavailableError, UploadUnavailableError: the database, the
                evidence or the file's own disk is away.
        """
        (file,) = analysis.asked.files
        with self._uploads.opened(file.key) as path:
            facts = probed(path, self._limits)
            if ANNOTATED in analysis.asked.settings:
                return json.dumps(self._annotate(analysis, file, path, facts, control))
            result = self._run(analysis, path, facts, control, evidence=self._evidence)
            control.check()
            if facts.ends_early_s is not None or result.analysed_s < facts.length_s - _SHORT_S:
                # Its sender's file may end here, or its disk: what stood in the rest would never be judged.
                check_content(path, file.key)
        given, undated = _started(analysis, facts)
        revisions = [_noted(one) for one in result.revisions] if undated else result.revisions
        self._reports.keep(revisions)
        result = replace(result, reports=tuple({one.id: one for one in revisions}.values()))
        found = analysis_json(result) | _of_the_file(analysis, file, facts)
        if undated:
            found["started_at_is_from"] = "upload"
        else:
            found["started_at_is_from"] = "sender" if given else "file"
        return json.dumps(_named(found, path.name, file.name), ensure_ascii=False)

    def _run(
        self,
        analysis: Analysis,
        path: Path,
        facts: VideoFacts,
        control: AnalysisControl,
        *,
        evidence: EvidenceStore,
        annotated: Path | None = None,
    ) -> AnalysisResult:
        # Imported when asked for: a worker that waits for its first video holds no decoder and no network.
        from gotcha.analysis import analyze_file

        config = self._config.for_file(path, analysis.asked.camera, _started_at(analysis, facts))
        (camera,) = config.cameras
        sha256 = analysis.asked.files[0].sha256
        models = self._models()
        began_s = monotonic()

        def advance(at_s: float, _says_s: float) -> None:
            took_s = monotonic() - began_s
            left_s = max(0.0, facts.length_s - at_s)
            control.advance(
                Progress(
                    done_s=min(at_s, facts.length_s),
                    whole_s=facts.length_s,
                    remaining_s=took_s * left_s / at_s if at_s > 0.0 else None,
                )
            )

        control.advance(Progress(whole_s=facts.length_s))
        return analyze_file(
            config,
            path,
            advance,
            control.stop,
            evidence=evidence,
            root=analysis_root(
                sha256, camera, settings_digest(config), filmed_at=_corrected(analysis, facts)
            ),
            annotated=annotated,
            models=models,
        )

    def _annotate(
        self, analysis: Analysis, file: UploadedFile, path: Path, facts: VideoFacts, control: AnalysisControl
    ) -> dict[str, Json]:
        """The copy with everything drawn in; what it finds was stored by the plain analysis."""
        prepare(self._config.state_dir)
        with tempfile.TemporaryDirectory(dir=self._config.state_dir, prefix="annotated-") as folder:
            copy = Path(folder) / "annotated.mp4"
            photos = EvidenceFolder(Path(folder) / "evidence")
            self._run(analysis, path, facts, control, evidence=photos, annotated=copy)
            control.check()
            with self._uploads.receive(limit_bytes=copy.stat().st_size) as incoming:
                incoming.write_file(copy)
                kept = incoming.keep()
        return {"annotated": {"key": kept.key, "size_bytes": kept.size_bytes, "name": file.name}}


def _started(analysis: Analysis, facts: VideoFacts) -> tuple[datetime | None, bool]:
    """When the sender says it was filmed, and whether neither he nor the file says so."""
    said = analysis.asked.settings.get(STARTED_AT)
    given = None if said is None else datetime.fromisoformat(said)
    return given, given is None and facts.filmed_at is None


def _corrected(analysis: Analysis, facts: VideoFacts) -> datetime | None:
    """When the sender says it was filmed, where the file does not say the same."""
    given, _ = _started(analysis, facts)
    return None if given == facts.filmed_at else given


def _started_at(analysis: Analysis, facts: VideoFacts) -> datetime:
    return _started(analysis, facts)[0] or facts.filmed_at or analysis.created_at


def _noted(report: Report) -> Report:
    return replace(report, note=f"{report.note} {_UNDATED}".strip())


def _of_the_file(analysis: Analysis, file: UploadedFile, facts: VideoFacts) -> dict[str, Json]:
    cut_s = facts.ends_early_s
    return {
        "video": file.name,
        "sha256": file.sha256,
        "camera": analysis.asked.camera,
        "length_s": round(facts.length_s, 3),
        "ended": None
        if cut_s is None
        else f"the video ends after {facts.length_s:.1f} s of the {cut_s:.1f} s that its header says",
    }


def _named(found: dict[str, Json], kept_as: str, sent_as: str) -> dict[str, Json]:
    """`found` with the name that the sender knows the file by in what its source had to say."""
    notices = found["notices"]
    if isinstance(notices, list):
        found["notices"] = [str(notice).replace(kept_as, sent_as) for notice in notices]
    return found
