"""The shapes of what lies in a queue or an outbox: one model for each version that was ever written.

None is changed once it is out; see `jobs.payloads`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from jobs.look_payload import LookV3
from pipeline.detection import ObjectClass
from pipeline.report import CameraCondition, EvidenceKind, RejectionReason, ReportState

_Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}\z")]
# PostgreSQL cannot keep a NUL character.
_Name = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*\z")]
_Sentence = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*\z")]
_Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class EvidenceV1(_Model):
    """A piece of evidence: where it lies and what its bytes hash to."""

    kind: EvidenceKind
    key: Annotated[str, Field(max_length=1024)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}\z")]
    media_type: _Name
    taken_at: AwareDatetime
    size_bytes: Annotated[int, Field(ge=0)]


class PlateV1(_Model):
    """What was read of a plate, with a confidence for each character."""

    text: Annotated[str, Field(max_length=32)]
    confidences: Annotated[tuple[_Share, ...], Field(max_length=32)]
    accepted: bool
    readings: Annotated[int, Field(ge=0)]


class ReportV1(_Model):
    """A report; each revision is a payload of its own."""

    version: Literal[1]
    kind: Literal["report"]
    id: _Id
    revision: Annotated[int, Field(ge=1, le=1_000_000)]
    state: ReportState
    camera: _Name
    zone: _Name
    zone_kind: _Name
    vehicle_id: _Name
    label: ObjectClass
    box: tuple[float, float, float, float]
    frame_size: tuple[int, int]
    score: float
    arrived_at: AwareDatetime
    since_start: bool
    parked_at: AwareDatetime
    violating_at: AwareDatetime | None
    departed_at: AwareDatetime | None
    last_seen_at: AwareDatetime
    dwell_limit_s: float
    plate: PlateV1
    evidence: Annotated[tuple[EvidenceV1, ...], Field(max_length=64)]
    same_view: float | None
    duplicate_of: _Id | None
    rejection: RejectionReason | None
    note: _Sentence


class ReportV2(ReportV1):
    """With the zone's rule under which the verdict was given."""

    version: Literal[2]  # type: ignore[assignment]
    photo_gap_s: Annotated[float, Field(gt=0)] | None
    unread_allowed: bool | None


class ReportV3(ReportV2):
    """With what the vehicle looks like; a report that does not tell it stays at version 2."""

    version: Literal[3]  # type: ignore[assignment]
    look: LookV3


class CameraEventV1(_Model):
    """A change of a camera's view."""

    version: Literal[1]
    kind: Literal["camera_event"]
    id: _Id
    camera: _Name
    condition: CameraCondition
    at: AwareDatetime
    text: _Sentence


class Header(BaseModel):
    """What every version begins with, read first to say clearly what cannot be read."""

    model_config = ConfigDict(extra="ignore", strict=True)
    version: int
    kind: str
