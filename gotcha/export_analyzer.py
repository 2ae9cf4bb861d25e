"""Makes the evidence packs that the dashboard asks for, in the worker that has the models."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.analyses import AnalysisControl
from jobs.context import utc_now
from jobs.export_intake import CLIPS, NO, WHY
from pipeline.errors import StorageError
from storage.analyses import Analysis, Progress

if TYPE_CHECKING:
    from gotcha.analyzers import AnalysisTools


class ExportAnalyzer:
    """Does the analyses of kind `export`; implements `jobs.analyses.Analyzer`.

    The pack is kept among the uploads, where the web can give it out from any machine. It is there only after
    history and access log know of it.

    Args:
        tools: configuration, models and stores.
    """

    def __init__(self, tools: AnalysisTools) -> None:
        self._tools = tools

    def analyze(self, analysis: Analysis, control: AnalysisControl) -> str:
        """The pack's key, name, length and hash, as JSON text.

        Raises:
            AnalysisInterrupted: `control.stop` was set.
            IllegalTransitionError: the report may not leave the house any more.
            EvidenceError: evidence is missing or altered.
            StorageError: there is no such report any more, it was altered, or the database is away.
            UploadError: the pack cannot be kept.
        """
        # Imported when asked for: writing PDFs takes memory that photos and videos do not need.
        from gotcha.export_pack import Exporter, ExportRequest

        asked, tools = analysis.asked, self._tools
        report_id = asked.report_id
        stored = None if report_id is None else tools.reports.get(report_id)
        if report_id is None or stored is None:
            raise StorageError("the report is gone: it has expired")
        clips = asked.settings.get(CLIPS) != NO
        whole, done = 1 + len(stored.report.evidence), 0

        def progress(_what: str) -> None:
            nonlocal done
            control.check()
            control.advance(Progress(done_s=min(done, whole), whole_s=whole))
            done += 1

        exporter = Exporter(tools.config, tools.engine, tools.evidence, tools.models.masker, progress)
        with tempfile.TemporaryDirectory(prefix="gotcha-pack-") as folder:
            path = exporter.export(
                ExportRequest(
                    report_id=report_id,
                    folder=Path(folder),
                    clips=clips,
                    by=asked.owner,
                    why=asked.settings.get(WHY, ""),
                    at=utc_now(),
                )
            )
            size = path.stat().st_size
            with tools.uploads.receive(limit_bytes=size) as incoming:
                incoming.write_file(path)
                kept = incoming.keep()
        pack = {"key": kept.key, "name": path.name, "sha256": kept.sha256, "size_bytes": size}
        return json.dumps({"pack": pack}, ensure_ascii=False)
