"""The pages of an evidence pack that people read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

import cv2
import numpy as np
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from gotcha import export_words as words
from gotcha.export_contents import PackContents, PackedItem
from pipeline.errors import EvidenceError
from pipeline.report import EvidenceKind, Report
from vision.lettering import font_path

# It names tables of the font that a PDF does not need.
logging.getLogger("fontTools.subset").setLevel(logging.ERROR)

_WIDTH_MM, _MARGIN_MM = 180.0, 15.0
_PHOTO_MM = 106.0
_PLATE_MM = (90.0, 26.0)
_LABEL_MM = 46.0
_INK, _PALE, _LINE = (30, 30, 30), (110, 110, 110), (200, 200, 200)
_FILL = (242, 244, 247)


def evidence_pdf(contents: PackContents) -> bytes:
    """The PDF: facts and plate, photos, then hashes and history.

    Raises:
        EvidenceError: a photo cannot be put on a page.
    """
    pdf = _Pages(contents)
    pdf.facts()
    pdf.photos()
    pdf.integrity()
    return bytes(pdf.output())


class _Pages(FPDF):
    def __init__(self, contents: PackContents) -> None:
        super().__init__(format="A4")
        self._contents = contents
        self._report: Report = contents.stored.report
        bold = font_path()
        self.add_font("Nanum", "", bold.with_name("NanumGothic.ttf"))
        self.add_font("Nanum", "B", bold)
        self.set_margins(_MARGIN_MM, _MARGIN_MM)
        self.set_auto_page_break(True, margin=18)
        self.set_title(f"불법 주정차 증거 {self._report.id}")
        self.set_creator("Gotcha")
        self.set_creation_date(contents.made_at)
        self.set_draw_color(*_LINE)

    def footer(self) -> None:
        self.set_y(-13)
        self._font(7, color=_PALE)
        self.cell(_WIDTH_MM * 0.8, 5, f"Gotcha · {self._report.id}")
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")

    def facts(self) -> None:
        report, contents = self._report, self._contents
        self.add_page()
        self._font(18, "B")
        self.cell(0, 10, "불법 주정차 증거 보고서", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._font(9, color=_PALE)
        self.cell(0, 6, "Evidence of a parking violation", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(3)
        plate = contents.newest(EvidenceKind.PLATE)
        self._font(24, "B")
        text = report.plate.text if report.plate.accepted else f"판독 불가 {report.plate.text}".strip()
        # What a person says of the plate stands above what was read; the reading is among the facts.
        text = contents.plate_corrected or text
        self.cell(_WIDTH_MM - _PLATE_MM[0], _PLATE_MM[1], text)
        if plate is not None:
            self._image(plate, self.get_x(), self.get_y(), *_PLATE_MM)
        self.ln(_PLATE_MM[1] + 4)
        self._rows(self._facts())
        self.ln(3)
        self._font(7.5, color=_PALE)
        self.multi_cell(
            0,
            4,
            "사람의 얼굴과 다른 차량의 번호판은 가렸습니다. "
            "원본은 변경 없이 보관되며 SHA-256으로 대조할 수 있습니다.\n"
            "People's heads and other vehicles' plates are hidden in these copies. The originals are kept "
            "unaltered and can be compared by their SHA-256.",
            align="L",
        )

    def photos(self) -> None:
        contents = self._contents
        self.add_page()
        for number, kinds in enumerate(
            (
                (EvidenceKind.PHOTO_1_MARKED, EvidenceKind.PHOTO_1),
                (EvidenceKind.PHOTO_2_MARKED, EvidenceKind.PHOTO_2),
            ),
            start=1,
        ):
            item = contents.newest(*kinds)
            self._font(11, "B")
            moment = "-" if item is None else self._moment(item.evidence.taken_at)
            self.cell(0, 7, f"사진 {number} (photo {number}) · {moment}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            if item is not None:
                height = self._image(item, _MARGIN_MM, self.get_y(), _WIDTH_MM, _PHOTO_MM)
                self.ln(height + 1)
                self._font(7, color=_PALE)
                hidden = f"가린 곳 (hidden): 머리 {item.heads}, 번호판 {item.plates} · SHA-256 "
                self.multi_cell(0, 3.5, hidden + item.evidence.sha256, align="L")
            self.ln(5)

    def integrity(self) -> None:
        contents, link = self._contents, self._contents.link
        self.add_page()
        self._heading("무결성 (integrity)")
        self._rows(
            (
                ("해시 사슬 (chain)", f"{link.camera} #{link.position} · {link.kind.value}"),
                ("저장 시각 (stored)", self._moment(link.at)),
                ("기록 SHA-256 (record)", link.record_sha256),
                ("이전 고리 (previous)", link.previous_sha256),
                ("이 고리 (link)", link.link_sha256),
            ),
            size=7.5,
        )
        self._heading("증거 (evidence)")
        lines = [
            (
                f"{words.EVIDENCE[item.evidence.kind]}\n{item.evidence.kind.value}",
                self._moment(item.evidence.taken_at),
                f"원본 {item.evidence.sha256}\n"
                + ("사본은 원본과 같음 (same file)" if item.same else f"사본 {item.sha256}"),
            )
            for item in contents.items
        ]
        self._table(("증거", "시각", "SHA-256"), lines, (32, 38, 110))
        self._heading("이력 (history)")
        steps = [
            (
                f"{step.from_state.value + ' → ' if step.from_state else ''}{step.to_state.value}",
                self._moment(step.at),
                f"{step.by}: {step.why}" if step.why else step.by,
            )
            for step in contents.history
        ]
        self._table(("단계", "시각", "담당·사유"), steps, (40, 38, 102))

    def _facts(self) -> tuple[tuple[str, str], ...]:
        report, contents = self._report, self._contents
        first = contents.newest(EvidenceKind.PHOTO_1, EvidenceKind.PHOTO_1_MARKED)
        second = contents.newest(EvidenceKind.PHOTO_2, EvidenceKind.PHOTO_2_MARKED)
        gap = "-"
        if first is not None and second is not None:
            between_s = (second.evidence.taken_at - first.evidence.taken_at).total_seconds()
            gap = words.seconds(between_s)
            if contents.photo_gap_s is not None:
                gap += f", 기준 {words.seconds(contents.photo_gap_s)} 이상"
        until = report.departed_at or contents.stored.last_seen_at
        stood_s = max(0.0, (until - report.arrived_at).total_seconds())
        arrived = self._moment(report.arrived_at) + (
            " 이전부터 (stood there before)" if report.since_start else ""
        )
        plate = "-"
        if report.plate.text:
            least = min(report.plate.confidences, default=0.0)
            plate = f"{report.plate.text} (판독 {report.plate.readings}회, 최저 확신도 {least:.2f})"
        if contents.plate_corrected is not None:
            plate = f"{contents.plate_corrected} (사람이 정정 (corrected); 판독 결과 {plate})"
        return (
            ("보고서 번호 (report)", report.id),
            (
                "상태 (state)",
                f"{words.STATES.get(contents.stored.state, '')} ({contents.stored.state.value})",
            ),
            ("차량번호 (plate)", plate),
            ("차종 (vehicle)", words.vehicle(report.label)),
            ("장소 (place)", f"카메라 {report.camera}, 구역 {report.zone}"),
            ("구역 종류 (zone kind)", words.zone_kind(report.zone_kind)),
            (
                "적용 기준 (rule)",
                f"{words.seconds(report.dwell_limit_s)} 넘게 정지; 같은 곳에서 찍은 사진 2장",
            ),
            ("도착 (arrived)", arrived),
            ("기준 초과 (violating)", self._moment(report.violating_at)),
            ("출발 (departed)", self._moment(report.departed_at)),
            ("정지 시간 (stood)", words.seconds(stood_s)),
            ("사진 간격 (photos apart)", gap),
            (
                "시야 유사도 (same view)",
                "-" if report.same_view is None else f"{report.same_view:.2f} (SSIM, 0-1)",
            ),
            ("반복 (repeats)", str(contents.stored.repeats)),
            ("비고 (note)", report.note or "-"),
            ("작성 (made)", f"{self._moment(contents.made_at)}, {contents.made_by}"),
        )

    def _heading(self, text: str) -> None:
        self.ln(2)
        self._font(12, "B")
        self.cell(0, 8, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _rows(self, rows: tuple[tuple[str, str], ...], *, size: float = 9) -> None:
        self._font(size)
        with self.table(
            col_widths=(_LABEL_MM, _WIDTH_MM - _LABEL_MM),
            first_row_as_headings=False,
            line_height=size * 0.62,
            text_align="LEFT",
            borders_layout="HORIZONTAL_LINES",
        ) as table:
            for label, value in rows:
                row = table.row()
                row.cell(label, style=FontFace(color=_PALE))
                row.cell(value)

    def _table(
        self, names: tuple[str, ...], lines: Sequence[tuple[str, ...]], widths: tuple[float, ...]
    ) -> None:
        self._font(6.5)
        with self.table(
            col_widths=widths,
            line_height=3.8,
            text_align="LEFT",
            headings_style=FontFace(emphasis="BOLD", fill_color=_FILL),
            borders_layout="HORIZONTAL_LINES",
        ) as table:
            table.row(names)
            for line in lines:
                table.row(line)

    def _image(self, item: PackedItem, x: float, y: float, width: float, height: float) -> float:
        """Put a picture into a frame of `width` x `height` mm; how high it became."""
        decoded = cv2.imdecode(np.frombuffer(item.data, np.uint8), cv2.IMREAD_COLOR)
        if decoded is None:
            raise EvidenceError(f"the evidence {item.evidence.key} is no picture that can be shown")
        pixels_high, pixels_wide = decoded.shape[:2]
        scale = min(width / pixels_wide, height / pixels_high)
        self.image(item.data, x, y, pixels_wide * scale, pixels_high * scale)
        return float(pixels_high * scale)

    def _font(self, size: float, style: str = "", color: tuple[int, int, int] = _INK) -> None:
        self.set_font("Nanum", style, size)
        self.set_text_color(*color)

    def _moment(self, at: datetime | None) -> str:
        if at is None:
            return "-"
        local = at.astimezone(self._contents.time_zone)
        return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 100_000} {local:%z}"
