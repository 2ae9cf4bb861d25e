from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from jobs.payloads import MAX_PAYLOAD_BYTES, decode, encode
from pipeline.errors import PayloadError
from pipeline.plate import PlateText
from pipeline.report import CameraEvent, EvidenceKind, Report
from pipeline.vehicle_look import VehicleColour, VehicleLook
from tests.reports import NOON, camera_event, duplicate, evidence, final, rejected, temporary

GOLDEN = Path(__file__).parents[1] / "golden" / "payloads"
LOOK = VehicleLook(model="m-1", vector=(0.6, -0.8, 0.0), colour=VehicleColour.RED)
# What the program that wrote version 1 had queued.
OLD: dict[str, Report | CameraEvent] = {
    "report_temporary_v1": temporary(),
    "report_final_v1": final(
        evidence=(evidence("one"), replace(evidence("two", EvidenceKind.PHOTO_2), taken_at=NOON)),
        photo_gap_s=None,
        unread_allowed=None,
    ),
    "report_rejected_v1": rejected(),
    "report_duplicate_v1": duplicate("b", "a"),
}
ITEMS: dict[str, Report | CameraEvent] = {
    "report_temporary_v2": temporary(),
    "report_final_v2": final(),
    "report_rejected_v2": rejected(),
    "report_duplicate_v2": duplicate("b", "a"),
    "report_final_v3": final(look=LOOK),
    "camera_event_v1": camera_event(),
}


@pytest.mark.parametrize("name", OLD | ITEMS)
def test_a_golden_payload_still_loads(name: str) -> None:
    assert decode((GOLDEN / f"{name}.json").read_text(encoding="utf-8")) == (OLD | ITEMS)[name]


@pytest.mark.parametrize("name", ITEMS)
def test_a_payload_is_what_the_golden_file_says(name: str) -> None:
    # When this fails the wire contract changed: add a version instead of altering the golden file.
    golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(encode(ITEMS[name])) == golden


def test_there_is_an_item_for_every_golden_file() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(OLD | ITEMS)


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_what_is_encoded_comes_back(item: Report | CameraEvent) -> None:
    assert decode(encode(item)) == item


def test_times_keep_their_moment() -> None:
    seoul = datetime(2026, 3, 1, 21, 0, 0, 1, tzinfo=timezone(timedelta(hours=9)))
    decoded = decode(encode(temporary(parked_at=seoul)))
    assert isinstance(decoded, Report)
    assert decoded.parked_at == seoul.astimezone(UTC)


@pytest.mark.parametrize("version", [0, 4, 99])
def test_an_unknown_version_says_what_to_do(version: int) -> None:
    payload = json.loads(encode(final())) | {"version": version}
    with pytest.raises(PayloadError, match=rf"version {version}.*update the worker"):
        decode(json.dumps(payload))


def changed(**changes: object) -> str:
    return json.dumps(json.loads(encode(final())) | changes)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "whole"),
        ("[]", "whole"),
        ("{}", "version"),
        (changed(kind="order_pizza"), "kind"),
        (changed(surprise=1), "surprise"),
        (changed(id="../../etc"), "id"),
        (changed(id="0" * 33), "id"),
        (changed(revision=0), "revision"),
        (changed(revision="2"), "revision"),
        (changed(state="guilty"), "state"),
        (changed(score=None), "score"),
        (changed(parked_at="2026-03-01T12:00:00"), "parked_at"),
        (changed(box=[0, 0, 1]), "box"),
        (changed(box=[5, 0, 1, 1]), "box"),
        (changed(frame_size=[0, 0]), "size"),
        (changed(note="x" * 4001), "note"),
        (changed(photo_gap_s=0), "photo_gap_s"),
        (changed(unread_allowed="yes"), "unread_allowed"),
        (changed(version=1), "photo_gap_s"),
        (changed(note="a\0b"), "note"),
        (changed(camera="x" * 201), "camera"),
        (changed(rejection="plate_unread"), "rejected"),
        (changed(evidence=[json.loads(encode(final()))["evidence"][0]] * 65), "evidence"),
        (changed(evidence=[json.loads(encode(final()))["evidence"][0] | {"key": "../x"}]), "key"),
        (encode(final()).replace('"score":0.875', '"score":NaN'), "score"),
        (encode(final())[:-20], "whole"),
    ],
)
def test_a_malformed_payload_is_refused_and_the_field_named(text: str, named: str) -> None:
    with pytest.raises(PayloadError, match=named) as error:
        decode(text)
    assert "12가3456" not in str(error.value)


def test_an_oversized_payload_is_refused_both_ways() -> None:
    with pytest.raises(PayloadError, match=str(MAX_PAYLOAD_BYTES)):
        decode('{"version": 1, "kind": "' + "x" * MAX_PAYLOAD_BYTES + '"}')
    with pytest.raises(PayloadError, match="note"):
        encode(temporary(note="x" * 5000))
    with pytest.raises(PayloadError, match="evidence"):
        encode(temporary(evidence=(evidence(),) * 65))


def test_what_is_no_number_is_refused_before_it_is_queued() -> None:
    with pytest.raises(PayloadError, match="score"):
        encode(temporary(score=float("nan")))
    with pytest.raises(PayloadError, match="parked_at"):
        encode(temporary(parked_at=NOON.replace(tzinfo=None)))
    with pytest.raises(PayloadError, match="confidences"):
        encode(temporary(plate=PlateText(text="1", confidences=(1.5,), accepted=False, readings=1)))
