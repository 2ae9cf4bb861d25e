"""The Korean words of an evidence pack, each with the English one beside it."""

from __future__ import annotations

from pipeline.detection import ObjectClass
from pipeline.report import EvidenceKind, ReportState
from pipeline.zone import ZoneKind

# The places of the 안전신문고 (Safety e-Report) rule, as its notices name them.
ZONE_KINDS: dict[str, str] = {
    ZoneKind.FIRE_HYDRANT: "소화전 주변",
    ZoneKind.INTERSECTION_CORNER: "교차로 모퉁이",
    ZoneKind.BUS_STOP: "버스 정류소",
    ZoneKind.CROSSWALK: "횡단보도",
    ZoneKind.SIDEWALK: "인도(보도)",
    ZoneKind.SCHOOL_ZONE: "어린이 보호구역",
    ZoneKind.SAFETY_ZONE: "안전지대",
    ZoneKind.BRIDGE_TUNNEL: "다리·터널 안",
    ZoneKind.DOUBLE_PARKING: "이중주차",
    ZoneKind.FIRE_LANE: "소방차 전용구역",
    ZoneKind.DISABLED_BAY: "장애인 전용 주차구역",
    ZoneKind.NO_PARKING: "주정차 금지구역",
}
VEHICLES: dict[ObjectClass, str] = {
    ObjectClass.CAR: "승용차",
    ObjectClass.MOTORCYCLE: "이륜차",
    ObjectClass.BUS: "버스",
    ObjectClass.TRUCK: "화물차",
}
STATES: dict[ReportState, str] = {
    ReportState.FINAL: "확정",
    ReportState.EXPORTED: "확정(반출됨)",
}
EVIDENCE: dict[EvidenceKind, str] = {
    EvidenceKind.PHOTO_1: "사진 1",
    EvidenceKind.PHOTO_2: "사진 2",
    EvidenceKind.PHOTO_1_MARKED: "사진 1 (표시)",
    EvidenceKind.PHOTO_2_MARKED: "사진 2 (표시)",
    EvidenceKind.PLATE: "번호판",
    EvidenceKind.CLIP_ARRIVAL: "도착 영상",
    EvidenceKind.CLIP_VIOLATION: "위반 영상",
    EvidenceKind.VIEW_MAP: "시야 비교도",
}


def zone_kind(kind: str) -> str:
    """Such as `소화전 주변 (fire_hydrant)`; a kind nobody knows stays as it is."""
    return f"{ZONE_KINDS[kind]} ({kind})" if kind in ZONE_KINDS else kind


def vehicle(label: ObjectClass) -> str:
    """Such as `승용차 (car)`."""
    return f"{VEHICLES.get(label, label.value)} ({label.value})"


def seconds(value: float) -> str:
    """Such as `1분 5초 (65 s)`."""
    whole = round(value)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    parts = [f"{hours}시간"] * (hours > 0) + [f"{minutes}분"] * (minutes > 0)
    return f"{' '.join([*parts, f'{rest}초'] if rest or not parts else parts)} ({whole} s)"
