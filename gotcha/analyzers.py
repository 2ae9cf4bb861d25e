"""What the worker on the queue of models works with, and which analyzer does which kind of analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gotcha.config import Config
from gotcha.settings_in_force import SettingsInForce
from jobs.analyses import AnalysisControl, Analyzer
from pipeline.errors import UploadError
from storage.analyses import Analysis, AnalysisKind
from storage.blob_store import BlobStore
from storage.upload_store import UploadStore

if TYPE_CHECKING:
    from redis import Redis
    from sqlalchemy import Engine

    from gotcha.export_masking import EvidenceMasker
    from gotcha.models import Models
    from jobs.report_keeper import ReportKeeper
    from storage.ports import ReportStore


class LazyModels:
    """The models, opened once when the first analysis needs them.

    Args:
        config: which ones.
        opened: models that are open already.
    """

    def __init__(self, config: Config, opened: Models | None = None) -> None:
        self._config = config
        self._opened = opened
        self._masker: EvidenceMasker | None = None

    def get(self) -> Models:
        """The models; takes seconds the first time.

        Raises:
            ModelError: they cannot be opened.
        """
        if self._opened is None:
            # Imported when asked for: a worker that waits for its first file holds no models.
            from gotcha.models import Models

            self._opened = Models(self._config)
        return self._opened

    def masker(self) -> EvidenceMasker:
        """What hides others in evidence packs; takes a second the first time.

        Raises:
            ModelError: its models cannot be opened.
        """
        if self._masker is None:
            from gotcha.export_masking import open_masker

            self._masker = open_masker(self._config)
        return self._masker


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisTools:
    """What analyzers work with.

    Attributes:
        config: the whole configuration.
        models: opened when needed.
        uploads: the files.
        evidence: where photos and clips of reports go.
        reports: where reports are kept.
        keeper: stores reports, and settles repeats.
        engine: the database.
        redis: for locks.
    """

    config: Config
    models: LazyModels
    uploads: UploadStore
    evidence: BlobStore
    reports: ReportStore
    keeper: ReportKeeper
    engine: Engine
    redis: Redis


class Analyzers:
    """Gives each analysis to the analyzer of its kind: an `Analyzer` itself.

    Args:
        by_kind: the analyzers.
    """

    def __init__(self, by_kind: Mapping[AnalysisKind, Analyzer]) -> None:
        self._by_kind = by_kind

    def analyze(self, analysis: Analysis, control: AnalysisControl) -> str:
        analyzer = self._by_kind.get(analysis.asked.kind)
        if analyzer is None:
            raise UploadError(f"this worker knows no analysis of kind {analysis.asked.kind.value}: update it")
        return analyzer.analyze(analysis, control)


class CurrentAnalyzers:
    """Judges each file by the zones that hold when its turn comes: an `Analyzer` itself.

    Args:
        tools: with the configuration as it was at the start.
    """

    def __init__(self, tools: AnalysisTools) -> None:
        self._tools = tools
        self._settings = SettingsInForce(tools.config)

    def analyze(self, analysis: Analysis, control: AnalysisControl) -> str:
        tools = replace(self._tools, config=self._settings.current())
        return build_analyzers(tools).analyze(analysis, control)


def build_analyzers(tools: AnalysisTools) -> Analyzers:
    """Every kind of analysis by one line."""
    # Imported here: it knows the tools above.
    from gotcha.compare_analyzer import CompareAnalyzer
    from gotcha.detect_analyzer import DetectAnalyzer
    from gotcha.export_analyzer import ExportAnalyzer
    from gotcha.photo_analyzer import PhotoAnalyzer
    from gotcha.video_wiring import video_analyzer

    return Analyzers(
        {
            AnalysisKind.VIDEO: video_analyzer(tools),
            AnalysisKind.PHOTO: PhotoAnalyzer(tools),
            AnalysisKind.DETECT: DetectAnalyzer(tools),
            AnalysisKind.COMPARE: CompareAnalyzer(tools),
            AnalysisKind.EXPORT: ExportAnalyzer(tools),
        }
    )
