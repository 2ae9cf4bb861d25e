"""Places to records and back: what of a standing place is kept over a restart."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from pipeline.frame import Frame
from trackers.appearance import Appearance
from trackers.options import PlaceOptions
from trackers.place import KEPT_BOXES, Place
from trackers.samples import SUPPORT_S, Evidence, median_box
from trackers.snapshot import PlaceRecord, box_of, edges


def to_record(place: Place, now_s: float, now_at: datetime) -> PlaceRecord:
    """The record of `place`, its media times turned into UTC by the last frame's two times."""
    return PlaceRecord(
        id=place.id,
        first_box=edges(place.first_box),
        boxes=[edges(box) for box in place.boxes],
        arrived_at=place.arrived_at,
        confirmed_at=now_at - timedelta(seconds=now_s - place.confirmed_s),
        last_seen_at=now_at - timedelta(seconds=now_s - place.last_seen_s),
        since_start=place.since_start,
        votes=dict(place.votes),
        best=place.best,
        pictured=place.appearance is not None,
    )


def patches_of(places: Sequence[Place]) -> npt.NDArray[np.uint8]:
    """The reference pictures of `places`, uint8 (n, 64, 64); black where a place has none."""
    patches = np.zeros((len(places), 64, 64), dtype=np.uint8)
    for patch, place in zip(patches, places, strict=True):
        if place.appearance is not None:
            patch[:] = place.appearance.patch
    return patches


def to_place(record: PlaceRecord, patch: npt.NDArray[np.uint8], frame: Frame, options: PlaceOptions) -> Place:
    """The place of `record` as it continues at `frame`; UTC becomes the new run's media time.

    Raises:
        InvalidValueError: a box of the record is none.
    """

    def media_s(at: datetime) -> float:
        return frame.at_s - (frame.taken_at - at).total_seconds()

    boxes = deque((box_of(values) for values in record.boxes), maxlen=KEPT_BOXES)
    arrived_s = media_s(record.arrived_at)
    return Place(
        id=record.id,
        box=median_box(list(boxes)),
        first_box=box_of(record.first_box),
        appearance=Appearance(patch) if record.pictured else None,
        options=options,
        arrived_s=arrived_s,
        arrived_at=record.arrived_at,
        since_start=record.since_start,
        confirmed_s=max(arrived_s, media_s(record.confirmed_at)),
        last_seen_s=media_s(record.last_seen_at),
        votes=Counter(record.votes),
        best=record.best,
        boxes=boxes,
        support=Evidence(SUPPORT_S),
        refreshed_s=frame.at_s,
        pending=True,
    )
