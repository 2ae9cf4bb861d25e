"""How much of what must not leave the house is hidden in the copies of an evidence pack.

gotcha bench masking --truth DIR

DIR holds vehicles_val/ and plate_boxes_val/, each with images/ and labels/ (YOLO text files; class 4 of the
former is a person). Each picture is masked as for an export, without an accused vehicle, and what changed is
compared with the truth: the head of a person is the upper 1/7.5 of the box, in its middle half (A. Loomis,
Figure Drawing, 1943), and counts as hidden when 9/10 of it is. Noise stands in for the picture when it is
hidden, so that every pixel that is covered has changed.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.labelled_pictures import load
from bench.truth_folder import truth_folder
from gotcha.config import parse_config
from gotcha.export_masking import open_mask
from pipeline.geometry import Box
from pipeline.picture import Image
from vision.masking import HiddenRegions, PrivacyMask, hide

_PERSON, _PLATE = frozenset({4}), frozenset({0})
_HIDDEN_SHARE = 0.9
_HEAD_HIGH, _HEAD_WIDE = 1 / 7.5, 0.5
# By height in pixels: below the first nobody can tell whose head or which character it is.
_PEOPLE_PX = (0.0, 40.0, 80.0, 160.0, float("inf"))
_PLATES_PX = (0.0, 8.0, 16.0, 32.0, float("inf"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Region:
    """Something that has to be hidden: how high it or its person is, and which share of it was, 0-1."""

    height_px: float
    share: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    truth = truth_folder(arguments, name="masking", about=__doc__, needs="vehicles_val")
    cv2.setNumThreads(1)
    mask = open_mask(parse_config("cameras: {street: {kind: webcam}}"))
    console = Console()
    for title, folder, classes, bounds in (
        ("Heads of people", "vehicles_val", _PERSON, _PEOPLE_PX),
        ("Plates", "plate_boxes_val", _PLATE, _PLATES_PX),
    ):
        found: list[_Region] = []
        covered: list[float] = []
        for picture in load(truth / folder, classes):
            changed = _changed(picture.image, mask)
            covered.append(float(changed.mean()))
            for box in picture.boxes:
                region = _head(box) if classes == _PERSON else box
                found.append(_Region(height_px=box.height, share=_share(changed, region)))
        console.print(_table(title, found, bounds))
        console.print(f"{len(covered)} pictures, of which {np.mean(covered):.1%} was hidden on average.")
    return 0


def _changed(image: Image, mask: PrivacyMask) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    regions: HiddenRegions = mask.find(image, None)
    noise = np.random.default_rng(0).integers(0, 256, image.shape, dtype=np.uint8)
    return np.asarray((hide(noise, regions) != noise).any(axis=2))


def _head(person: Box) -> Box:
    inset = person.width * (1 - _HEAD_WIDE) / 2
    bottom = person.y1 + person.height * _HEAD_HIGH
    return Box(x1=person.x1 + inset, y1=person.y1, x2=person.x2 - inset, y2=bottom)


def _share(changed: np.ndarray[tuple[int, int], np.dtype[np.bool_]], region: Box) -> float:
    top, left = max(0, round(region.y1)), max(0, round(region.x1))
    part = changed[top : max(top + 1, round(region.y2)), left : max(left + 1, round(region.x2))]
    return float(part.mean()) if part.size else 0.0


def _table(title: str, found: Sequence[_Region], bounds: tuple[float, ...]) -> Table:
    table = Table(title=f"{title}: hidden, of {len(found)}")
    for column in ("height", "in all", "hidden", "recall", "area hidden"):
        table.add_column(column, justify="left" if column == "height" else "right")
    groups = [
        (f"{low:g}-{high:g} px", [one for one in found if low <= one.height_px < high])
        for low, high in itertools.pairwise(bounds)
    ]
    for name, group in (*groups, ("all", list(found))):
        if group:
            hidden = sum(one.share >= _HIDDEN_SHARE for one in group)
            area = np.mean([one.share for one in group])
            table.add_row(name, str(len(group)), str(hidden), f"{hidden / len(group):.2f}", f"{area:.2f}")
    return table


if __name__ == "__main__":
    sys.exit(main())
