"""When a vehicle found again is a repeat: the table of cases, near misses included."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import cv2
import numpy as np
import pytest

from pipeline.case import Case
from pipeline.detection import ObjectClass
from pipeline.geometry import Box, Size
from pipeline.picture import Image
from pipeline.plate import PlateText
from pipeline.repeats import Repeats, ReportedVehicle, is_found_again, reported_vehicle
from pipeline.report import EvidenceKind, ReportState
from pipeline.sights import Sights
from pipeline.standing import StandingVehicle
from tests.pipeline.fakes import START, MemoryEvidence, encode, street
from tests.pipeline.test_same_vehicle import BLUE, RED, vehicle
from tests.reports import evidence, final

WINDOW_S = 4 * 3600.0
PLACE = Box(x1=300, y1=240, x2=460, y2=340)
# A parked vehicle's box as the next halt's detector draws it.
SAME_PLACE = Box(x1=308, y1=236, x2=470, y2=342)
NEIGHBOUR = Box(x1=430, y1=240, x2=590, y2=340)
SIZE = Size(width=853, height=480)


def read(text: str, *, sure: float = 0.97) -> PlateText:
    """A plate that was read and accepted."""
    return PlateText(text=text, confidences=(sure,) * len(text), accepted=True, readings=5)


def doubtful(text: str, **doubts: float) -> PlateText:
    """A plate that was not accepted; `c3=0.4`: the certainty of character 3, the others are sure."""
    certainties = tuple(doubts.get(f"c{i}", 0.1 if c == "?" else 0.97) for i, c in enumerate(text))
    return PlateText(text=text, confidences=certainties, accepted=False, readings=3)


UNREAD = PlateText(text="", confidences=(), accepted=False, readings=0)


def scene(seed: int, paint: tuple[int, int, int], *, place: Box = PLACE, light: float = 1.0) -> Image:
    """The street with the vehicle drawn by `seed` standing at `place`."""
    image = street().copy()
    x1, y1, x2, y2 = (int(v) for v in (place.x1, place.y1, place.x2, place.y2))
    image[y1:y2, x1:x2] = cv2.resize(vehicle(seed, paint), (x2 - x1, y2 - y1))
    noise = np.random.default_rng(seed + int(100 * light)).normal(0, 3, image.shape)
    return np.asarray(np.clip(image * light + noise, 0, 255), dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """One halt: who, where, when (hours after the first) and what of its plate was read."""

    plate: PlateText
    seed: int = 1
    paint: tuple[int, int, int] = RED
    place: Box = PLACE
    hours: float = 0.0
    light: float = 1.0
    since_start: bool = False


FIRST = Halt(plate=read("123가4567"))
# By looks alone only a vehicle is known again that is back at once or was there when watching began again:
# hours later, half of the vehicles at a kerb look like one of those before.
# The halt, the one before it, and whether it repeats that.
CASES: dict[str, tuple[Halt, Halt, bool]] = {
    "the same plate, found again": (Halt(plate=read("123가4567"), hours=1), FIRST, True),
    "the same plate in another light": (Halt(plate=read("123가4567"), hours=3, light=0.5), FIRST, True),
    "one character apart": (Halt(plate=read("123가4568"), hours=1), FIRST, False),
    "one character apart, another car too": (
        Halt(plate=read("123나4567"), hours=1, seed=2, paint=BLUE),
        FIRST,
        False,
    ),
    "same model and colour, other plate": (Halt(plate=read("77다1212"), hours=1), FIRST, False),
    "the same car, returning next day": (Halt(plate=read("123가4567"), hours=24), FIRST, False),
    "the same car, after the window": (Halt(plate=read("123가4567"), hours=4.01), FIRST, False),
    "the same car, at the window's end": (Halt(plate=read("123가4567"), hours=3.99), FIRST, True),
    "the same car at the next place": (
        Halt(plate=read("123가4567"), hours=1, place=NEIGHBOUR),
        FIRST,
        False,
    ),
    "two characters unread, the others agree": (Halt(plate=doubtful("12?가45?7"), hours=1), FIRST, True),
    "one doubtful character differs, same look": (
        Halt(plate=doubtful("123가4587", c6=0.5), hours=1, since_start=True),
        FIRST,
        True,
    ),
    "one doubtful character differs, other look": (
        Halt(plate=doubtful("123가4587", c6=0.5), hours=1, since_start=True, seed=2, paint=BLUE),
        FIRST,
        False,
    ),
    "two sure characters differ, same look": (Halt(plate=doubtful("?23나4587"), hours=1), FIRST, False),
    "the serial alone agrees, other look": (
        Halt(plate=doubtful("????4567"), hours=1, since_start=True, seed=2, paint=BLUE),
        FIRST,
        False,
    ),
    "unread, the same look after an interruption": (
        Halt(plate=UNREAD, hours=1, place=SAME_PLACE, since_start=True),
        FIRST,
        True,
    ),
    "unread, the same look in the evening after one": (
        Halt(plate=UNREAD, hours=3, light=0.45, since_start=True),
        FIRST,
        True,
    ),
    "unread, the same look, at once": (Halt(plate=UNREAD, hours=0.03, place=SAME_PLACE), FIRST, True),
    "unread, the same look, an hour later": (Halt(plate=UNREAD, hours=1, place=SAME_PLACE), FIRST, False),
    "one doubtful character differs, same look, an hour later": (
        Halt(plate=doubtful("123가4587", c6=0.5), hours=1),
        FIRST,
        False,
    ),
    "unread, another vehicle": (Halt(plate=UNREAD, hours=1, since_start=True, seed=3), FIRST, False),
    "unread, same model, other colour": (
        Halt(plate=UNREAD, hours=1, since_start=True, paint=BLUE),
        FIRST,
        False,
    ),
    "unread twice, the same look after an interruption": (
        Halt(plate=UNREAD, hours=1, since_start=True),
        replace(FIRST, plate=UNREAD),
        True,
    ),
    "unread twice, another vehicle": (
        Halt(plate=UNREAD, hours=1, since_start=True, seed=4),
        replace(FIRST, plate=UNREAD),
        False,
    ),
    "unread, returning next day": (Halt(plate=UNREAD, hours=24), FIRST, False),
}


class Street:
    """Makes cases out of halts, photos stored."""

    def __init__(self) -> None:
        self.evidence = MemoryEvidence()
        self.sights = Sights(store=self.evidence)
        self.repeats = Repeats(window_s=WINDOW_S)

    def case(self, halt: Halt, name: str) -> Case:
        at = START + timedelta(hours=halt.hours)
        photos = tuple(
            self.evidence.put(
                camera="gate",
                kind=kind,
                taken_at=at,
                data=encode(scene(halt.seed, halt.paint, place=halt.place, light=halt.light)),
                media_type="image/jpeg",
            )
            for kind in (EvidenceKind.PHOTO_1, EvidenceKind.PHOTO_2)
        )
        return Case(
            report_id=name,
            vehicle=StandingVehicle(
                id=f"vehicle of {name}",
                box=halt.place,
                label=ObjectClass.CAR,
                score=0.9,
                arrived_s=0.0,
                arrived_at=at,
                since_start=halt.since_start,
                confirmed_s=2.0,
                last_seen_s=60.0,
                visible=True,
            ),
            zone="hydrant",
            zone_kind="no_parking",
            dwell_s=60.0,
            frame_size=SIZE,
            parked_at=at,
            plate=halt.plate,
            state=ReportState.FINAL,
            evidence=photos,
        )


@pytest.mark.parametrize(("again", "before", "repeats"), CASES.values(), ids=list(CASES))
def test_the_table_of_cases(again: Halt, before: Halt, repeats: bool) -> None:
    scenery = Street()
    scenery.repeats.add(scenery.case(before, "first"))
    found = scenery.repeats.of(scenery.case(again, "second"), scenery.sights)
    assert found == ("first" if repeats else None)


@pytest.mark.parametrize(("again", "before", "repeats"), CASES.values(), ids=list(CASES))
def test_the_order_of_two_halts_does_not_matter_to_who_it_is(
    again: Halt, before: Halt, repeats: bool
) -> None:
    """A report that waited on a disk is compared with one that happened later."""
    scenery = Street()

    def seen(halt: Halt, name: str) -> ReportedVehicle:
        case = scenery.case(halt, name)
        report = replace(case, revision=2).to_report(camera="gate")
        return reported_vehicle(report, last_seen_at=report.last_seen_at)

    within = again.hours < WINDOW_S / 3600
    one, other = seen(before, "first"), seen(again, "second")
    forwards = is_found_again(one, other, scenery.sights)
    assert is_found_again(other, one, scenery.sights) == forwards
    if within:
        assert forwards == repeats


def test_another_vehicle_in_between_does_not_hide_the_repeat() -> None:
    scenery = Street()
    scenery.repeats.add(scenery.case(FIRST, "first"))
    scenery.repeats.add(scenery.case(Halt(plate=read("77다1212"), seed=2, hours=1), "other"))
    again = scenery.case(Halt(plate=read("123가4567"), hours=2), "again")
    assert scenery.repeats.of(again, scenery.sights) == "first"


def test_a_vehicle_that_is_seen_on_and_on_stays_one_report_for_days() -> None:
    scenery = Street()
    scenery.repeats.add(scenery.case(FIRST, "first"))
    for hours in range(72):
        scenery.repeats.seen("first", START + timedelta(hours=hours))
    again = scenery.case(Halt(plate=read("123가4567"), hours=72), "again")
    assert scenery.repeats.of(again, scenery.sights) == "first"


def test_the_same_halt_in_an_overlapping_zone_is_a_repeat_whatever_was_read() -> None:
    scenery = Street()
    case = scenery.case(FIRST, "first")
    scenery.repeats.add(case)
    there = replace(case, report_id="second", zone="crossing", plate=UNREAD)
    assert scenery.repeats.of(there, scenery.sights) == "first"


def test_a_purged_photo_is_no_proof_of_sameness() -> None:
    scenery = Street()
    scenery.repeats.add(scenery.case(FIRST, "first"))
    scenery.evidence.blobs.clear()
    # Taken in other light: its photos are other files than the purged ones.
    again = scenery.case(Halt(plate=UNREAD, hours=1, light=0.9, since_start=True), "second")
    assert scenery.repeats.of(again, scenery.sights) is None


def test_what_was_kept_is_known_after_a_restart() -> None:
    scenery = Street()
    scenery.repeats.add(scenery.case(FIRST, "first"))
    kept = scenery.repeats.snapshot()
    scenery.repeats = Repeats(window_s=WINDOW_S)
    scenery.repeats.restore(kept)
    again = scenery.case(Halt(plate=UNREAD, hours=1, since_start=True), "again")
    assert scenery.repeats.of(again, scenery.sights) == "first"


def test_places_are_compared_in_the_same_pixels() -> None:
    """Two frame loops may see one camera in two sizes."""
    large, small = (
        reported_vehicle(final(name, box=box, frame_size=size, evidence=(evidence(),)), last_seen_at=START)
        for name, box, size in (
            ("a", PLACE, SIZE),
            ("b", PLACE.scaled(0.5, 0.5), Size(width=SIZE.width // 2, height=SIZE.height // 2)),
        )
    )
    sights = Sights(store=MemoryEvidence())
    assert is_found_again(large, small, sights)
    assert not is_found_again(large, replace(small, frame_size=SIZE), sights)
