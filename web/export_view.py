"""An evidence pack as pages and programs show it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from storage.analyses import Analysis, AnalysisState


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePack:
    """A pack that can be had.

    Attributes:
        key: where the uploads keep it; nothing for outside.
        name: of the file.
        sha256: of it.
        size_bytes: its length.
        path: where to get it.
    """

    key: str
    name: str
    sha256: str
    size_bytes: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownExport:
    """How far a pack is.

    Attributes:
        id: names it; the analysis of the same id can be followed and cancelled.
        state: queued, processing, completed, failed or cancelled.
        by: who asked for it.
        ended_at: when it was made, aware UTC.
        done, whole: how many of its pieces of evidence are masked; 0 of 0 while not known.
        error: why it failed, else empty.
        pack: once it is completed.
        current: it says what a new one would say.
    """

    id: str
    state: AnalysisState
    by: str
    ended_at: datetime | None
    done: int
    whole: int
    error: str
    pack: MadePack | None
    current: bool

    @property
    def running(self) -> bool:
        """Whether somebody still works on it, or will."""
        return self.state in (AnalysisState.QUEUED, AnalysisState.PROCESSING)


def export_view(export: Analysis, *, current: bool) -> ShownExport:
    """The pack of an analysis of kind `export`."""
    return ShownExport(
        id=export.id,
        state=export.state,
        by=export.asked.owner,
        ended_at=export.ended_at,
        done=round(export.progress.done_s),
        whole=round(export.progress.whole_s),
        error=export.error,
        pack=made_pack(export),
        current=current,
    )


def made_pack(export: Analysis) -> MadePack | None:
    """What was made; None before it is completed."""
    if export.result is None:
        return None
    pack = json.loads(export.result)["pack"]
    return MadePack(
        key=str(pack["key"]),
        name=str(pack["name"]),
        sha256=str(pack["sha256"]),
        size_bytes=int(pack["size_bytes"]),
        path=f"/api/reports/{export.asked.report_id}/export/{export.id}/pack",
    )
