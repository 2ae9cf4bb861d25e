"""What leaves the judgement: reports, rejections and camera events, as values that can be stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pipeline.detection import ObjectClass
from pipeline.errors import InvalidValueError
from pipeline.geometry import Box, Size
from pipeline.plate import PlateText
from pipeline.vehicle_look import VehicleLook


class ReportState(StrEnum):
    """The life of a report; see `pipeline.lifecycle` for who may go where."""

    TEMPORARY = "temporary"
    FINAL = "final"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    EXPORTED = "exported"
    EXPIRED = "expired"


class RejectionReason(StrEnum):
    """Why a temporary report is not an accusation. A rejection is stored and counted, never silent."""

    LEFT_BEFORE_DWELL = "left_before_dwell"
    LEFT_BEFORE_PHOTO_2 = "left_before_photo_2"
    NO_SECOND_PHOTO = "no_second_photo"
    VIEW_CHANGED = "view_changed"
    VEHICLE_CHANGED = "vehicle_changed"
    PLATE_UNREAD = "plate_unread"
    PLATE_ALLOWED = "plate_allowed"
    OUTSIDE_HOURS = "outside_hours"
    EVIDENCE_FAILED = "evidence_failed"
    FOOTAGE_ENDED = "footage_ended"
    ZONE_REMOVED = "zone_removed"
    CLOCK_SET = "clock_set"


class EvidenceKind(StrEnum):
    """What a piece of evidence is."""

    PHOTO_1 = "photo_1"
    PHOTO_2 = "photo_2"
    PHOTO_1_MARKED = "photo_1_marked"
    PHOTO_2_MARKED = "photo_2_marked"
    PLATE = "plate"
    CLIP_ARRIVAL = "clip_arrival"
    CLIP_VIOLATION = "clip_violation"
    VIEW_MAP = "view_map"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One stored piece of evidence.

    Attributes:
        kind: what it is.
        key: where the blob store keeps it; relative, forward slashes, no "..".
        sha256: hex digest of its bytes.
        media_type: e.g. image/jpeg, video/mp4.
        taken_at: when what it shows was seen, aware UTC.
        size_bytes: length.
    """

    kind: EvidenceKind
    key: str
    sha256: str
    media_type: str
    taken_at: datetime
    size_bytes: int

    def __post_init__(self) -> None:
        if self.key.startswith("/") or ".." in self.key.split("/") or not self.key:
            raise InvalidValueError(f"expected a relative key without '..', got {self.key!r}")
        if len(self.sha256) != 64:
            raise InvalidValueError(f"expected a SHA-256 of 64 hex digits, got {self.sha256!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything known of one vehicle in one no-parking zone, at one step of its life.

    The same `id` is sent once as `temporary` (revision 1, photo 1 taken) and once more as `final` or
    `rejected` (revision 2); a repeat of an already reported vehicle is sent as `duplicate`.

    Attributes:
        id: 32 hex digits, made when photo 1 is taken.
        revision: 1, 2, ... rises with each step; a store ignores what it already has.
        state: the state this revision brings it to.
        camera, zone, zone_kind: where; names of the configuration.
        vehicle_id: the standing vehicle's id (see StandingVehicle.id).
        label: the vehicle's class.
        box: where it stands, pixels of the full frame of `frame_size`.
        score: best detector score, 0-1.
        arrived_at: from when it stands, aware UTC; first sight if `since_start`.
        since_start: it stood there already when watching began.
        parked_at: when it was confirmed (photo 1).
        violating_at: when the zone's dwell time was over, or None.
        departed_at: when it left, or None while it stands.
        last_seen_at: last time it was recognised.
        dwell_limit_s: the zone's allowed time in seconds.
        plate: the voted plate.
        evidence: what is kept for it.
        same_view: SSIM of photo 2 against photo 1 outside the vehicles, 0-1, or None.
        duplicate_of: id of the report it repeats.
        rejection: why it was rejected.
        note: a sentence for the operator, "" when there is nothing to say.
        photo_gap_s, unread_allowed: of the zone's rule when the pair of photos became complete and when the
            verdict was given: least seconds between the photos, and whether a report may do without a plate;
            None before, and in reports of older programs.
        look: what the vehicle looks like, to find it again; None when this revision tells nothing of it. A
            store keeps it beside the report, not in it: it is no part of the accusation.
    """

    id: str
    revision: int
    state: ReportState
    camera: str
    zone: str
    zone_kind: str
    vehicle_id: str
    label: ObjectClass
    box: Box
    frame_size: Size
    score: float
    arrived_at: datetime
    since_start: bool
    parked_at: datetime
    violating_at: datetime | None
    departed_at: datetime | None
    last_seen_at: datetime
    dwell_limit_s: float
    plate: PlateText
    evidence: tuple[Evidence, ...]
    same_view: float | None = None
    duplicate_of: str | None = None
    rejection: RejectionReason | None = None
    note: str = ""
    photo_gap_s: float | None = None
    unread_allowed: bool | None = None
    look: VehicleLook | None = None

    def __post_init__(self) -> None:
        if self.revision < 1:
            raise InvalidValueError(f"expected a revision of at least 1, got {self.revision}")
        if (self.state is ReportState.REJECTED) != (self.rejection is not None):
            raise InvalidValueError(
                f"expected a reason exactly when rejected, got {self.state}, {self.rejection}"
            )
        if (self.state is ReportState.DUPLICATE) != (self.duplicate_of is not None):
            raise InvalidValueError(
                f"expected duplicate_of exactly on a duplicate, got {self.state}, {self.duplicate_of}"
            )


class CameraCondition(StrEnum):
    """What a camera's picture is like. Zones are suspended in all but OK."""

    OK = "ok"
    MOVED = "moved"
    BLOCKED = "blocked"
    DARK = "dark"
    BLURRED = "blurred"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraEvent:
    """A camera's view changed (or came back): stored, so that a gap in the watch is never silent.

    Attributes:
        id: 32 hex digits.
        camera: its name.
        condition: the new condition.
        at: when it was noticed, aware UTC.
        text: one sentence for people.
    """

    id: str
    camera: str
    condition: CameraCondition
    at: datetime
    text: str


class ReportSink(Protocol):
    """Takes reports and camera events for ever: when a call returns, the item is safe on disk."""

    def offer(self, item: Report | CameraEvent) -> None:
        """Keep `item` until it is stored.

        Raises:
            QueueError: it could not be made safe (the disk is full); the caller keeps it and tries again.
        """
        ...


class EvidenceStore(Protocol):
    """Keeps evidence bytes; written before the report that names them is offered."""

    def put(
        self, *, camera: str, kind: EvidenceKind, taken_at: datetime, data: bytes, media_type: str
    ) -> Evidence:
        """Store `data` under a key made of date, camera and content hash; idempotent.

        Raises:
            EvidenceError: nothing was stored (full disk, missing rights); says what to do.
        """
        ...

    def get(self, key: str) -> bytes:
        """The bytes stored under `key`.

        Raises:
            EvidenceError: nothing is there, or the key is not one of ours.
        """
        ...
