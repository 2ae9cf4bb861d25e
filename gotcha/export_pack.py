"""The evidence pack of one report: a zip in which only the accused vehicle can be recognised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from gotcha.config import Config
from gotcha.export_contents import PackContents, PackedItem
from gotcha.export_masking import EvidenceMasker, MaskedCopy, PhotoRegions
from gotcha.export_zip import partial_file, write_pack
from pipeline.errors import EvidenceError, StorageError
from pipeline.lifecycle import next_state
from pipeline.report import Evidence, EvidenceKind, Report, ReportState
from storage.access_log import Access, AccessAction, LoggedEvidence, SqlAccessLog
from storage.blob_store import BlobStore
from storage.chain import proof_of
from storage.evidence_keys import safe_name
from storage.record_hash import sha256
from storage.report_store import SqlReportStore
from storage.reviews import SqlReviews, refuse_withdrawn

_CLIPS = (EvidenceKind.CLIP_ARRIVAL, EvidenceKind.CLIP_VIOLATION)
_ORIGINAL_OF = {
    EvidenceKind.PHOTO_1_MARKED: EvidenceKind.PHOTO_1,
    EvidenceKind.PHOTO_2_MARKED: EvidenceKind.PHOTO_2,
    EvidenceKind.VIEW_MAP: EvidenceKind.PHOTO_2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What is to be exported.

    Attributes:
        report_id: of a final report.
        folder: where the pack goes; made when missing.
        clips: whether its clips go with it; masking one takes some seconds.
        by: who asks.
        why: what for; goes into the history.
        at: now, aware UTC.
    """

    report_id: str
    folder: Path
    clips: bool
    by: str
    why: str
    at: datetime


class Exporter:
    """Makes evidence packs.

    Args:
        config: for time zones and the zone's rule.
        engine: of the database.
        evidence: where the originals lie.
        masker: makes copies for others; asked for only when there is something to mask.
        progress: is told what is being done.
    """

    def __init__(
        self,
        config: Config,
        engine: Engine,
        evidence: BlobStore,
        masker: Callable[[], EvidenceMasker],
        progress: Callable[[str], None] = lambda _what: None,
    ) -> None:
        self._config = config
        self._engine = engine
        self._store = SqlReportStore(engine)
        self._log = SqlAccessLog(engine)
        self._evidence = evidence
        self._masker = masker
        self._progress = progress

    def export(self, request: ExportRequest) -> Path:
        """Make the pack of a report, mark the report as exported, and log it; the zip's path.

        The pack appears under its name only when history and access log know of it.

        Raises:
            IllegalTransitionError: the report is not final, or a person has rejected or merged it.
            EvidenceError: evidence is missing or altered, or the folder cannot be written.
            StorageError: there is no such report, it was altered, or the database is away.
        """
        proof = proof_of(self._engine, request.report_id)
        stored = self._store.get(request.report_id)
        if stored is None or stored.report.revision != proof.link.revision:
            raise StorageError(f"report {request.report_id} changed just now; export it again")
        next_state(stored.state, ReportState.EXPORTED)
        reviews = SqlReviews(self._engine)
        reviewed = reviews.current(request.report_id)
        refuse_withdrawn(
            request.report_id,
            None if reviewed is None else reviewed.verdict,
            reviews.merged_into([request.report_id]).get(request.report_id),
        )
        report = stored.report
        contents = PackContents(
            stored=stored,
            history=self._store.history(report.id),
            link=proof.link,
            items=self._items(report, request),
            photo_gap_s=self._photo_gap_s(report),
            plate_corrected=None if reviewed is None else reviewed.plate,
            time_zone=(
                self._config.time_zone_of(report.camera)
                if report.camera in self._config.cameras
                else self._config.time_zone
            ),
            made_at=request.at,
            made_by=request.by,
        )
        self._progress("writing")
        path = (
            request.folder
            / f"gotcha-{safe_name(report.camera)}-{report.parked_at:%Y%m%d}-{report.id[:8]}.zip"
        )
        try:
            request.folder.mkdir(parents=True, exist_ok=True)
            with partial_file(request.folder) as partial:
                write_pack(partial, contents, proof)
                self._record(report, request, path)
                partial.replace(path)
        except OSError as error:
            raise EvidenceError(
                f"the pack cannot be written to {request.folder} ({error.strerror}); free space there, or "
                "name another folder with --out"
            ) from error
        return path

    def _record(self, report: Report, request: ExportRequest, path: Path) -> None:
        self._log.record(
            Access(
                at=request.at,
                who=request.by,
                action=AccessAction.EXPORT,
                report_id=report.id,
                detail=f"evidence pack {path.name}" + (f": {request.why}" if request.why else ""),
            )
        )
        self._store.move(
            report.id, ReportState.EXPORTED, at=request.at, by=request.by, why=request.why or "evidence pack"
        )

    def _items(self, report: Report, request: ExportRequest) -> tuple[PackedItem, ...]:
        reader = LoggedEvidence(self._evidence, self._log, who=request.by, now=lambda: request.at)
        wanted = [item for item in report.evidence if request.clips or item.kind not in _CLIPS]
        photos: dict[EvidenceKind, PhotoRegions] = {}
        items: list[PackedItem] = []
        # Originals first: what is hidden in a photo is hidden in what was drawn of it too.
        for item in sorted(wanted, key=lambda one: one.kind in _ORIGINAL_OF):
            self._progress(item.kind.value.replace("_", " "))
            data = reader.get(item.key, report_id=report.id, purpose="export")
            if sha256(data) != item.sha256:
                raise EvidenceError(f"the evidence {item.key} was altered; `gotcha verify` says more")
            copy = self._copy(item, data, report, photos)
            number = 1 + report.evidence.index(item)
            suffix = Path(item.key).suffix
            items.append(
                PackedItem(
                    evidence=item,
                    name=f"evidence/{number:02}-{item.kind.value}{suffix}",
                    data=copy.data,
                    sha256=sha256(copy.data),
                    heads=copy.heads,
                    plates=copy.plates,
                    same=copy.same,
                )
            )
        return tuple(sorted(items, key=lambda one: one.name))

    def _copy(
        self, item: Evidence, data: bytes, report: Report, photos: dict[EvidenceKind, PhotoRegions]
    ) -> MaskedCopy:
        if item.kind is EvidenceKind.PLATE:
            # The accused vehicle's plate is what the report is about.
            return MaskedCopy(data=data, heads=0, plates=0, same=True)
        masker = self._masker()
        if item.kind in _CLIPS:
            return masker.clip(data, report.box, report.frame_size)
        regions = photos.get(_ORIGINAL_OF.get(item.kind, item.kind))
        if regions is None:
            regions = masker.regions(data, report.box, report.frame_size)
            photos[item.kind] = regions
        return masker.photo(data, regions)

    def _photo_gap_s(self, report: Report) -> float | None:
        # The zone may ask for another gap by now, or be gone; reports of older programs do not state theirs.
        if report.photo_gap_s is not None:
            return report.photo_gap_s
        if report.camera not in self._config.cameras:
            return None
        zones = {zone.name: zone for zone in self._config.zones_of(report.camera)}
        zone = zones.get(report.zone)
        return zone.photo_gap_s if zone is not None and zone.kind.value == report.zone_kind else None
