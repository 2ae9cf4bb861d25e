"""What goes wrong between street and picture: nudges, sway, a covered or dark lens, blur, broken JPEGs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from pipeline.errors import InvalidValueError
from pipeline.geometry import Box, Size
from pipeline.picture import Image
from simulator.blending import as_image
from simulator.weather import moment

MARGIN_PX = 48
"""How far beyond the picture the street is drawn when a camera may move."""


class FaultKind(StrEnum):
    """Faults of the camera, named as the camera events that ought to be reported."""

    MOVED = "moved"
    BLOCKED = "blocked"
    DARK = "dark"
    BLURRED = "blurred"
    FROZEN = "frozen"
    JPEG = "jpeg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault from `t0` to `t1` seconds; `strength` 0-1 says how bad it is."""

    kind: FaultKind
    t0: float
    t1: float
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not self.t0 < self.t1:
            raise InvalidValueError(f"expected a fault that begins before it ends, got {self.t0}-{self.t1} s")
        if not 0.0 < self.strength <= 1.0:
            raise InvalidValueError(f"expected a strength above 0 up to 1, got {self.strength}")

    def active(self, t_s: float) -> bool:
        """Whether the fault holds at `t_s`."""
        return self.t0 <= t_s < self.t1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """How the camera hangs: nudges that last, and the sway of a thin mast.

    Attributes:
        faults: those of kind MOVED are used: the camera points up to 0.8 * MARGIN_PX elsewhere.
        sway_px: amplitude of a slow swing, pixels.
        seed: direction of the nudges, phase of the swing.
    """

    faults: tuple[Fault, ...]
    sway_px: float
    seed: int

    def shift(self, t_s: float) -> tuple[float, float, float]:
        """dx, dy in pixels and a turn in degrees by which the scene moves in the picture."""
        dx = self.sway_px * math.sin(2 * math.pi * t_s / 3.1 + self.seed % 6)
        dy = 0.6 * self.sway_px * math.sin(2 * math.pi * t_s / 2.3 + self.seed % 5)
        turn = 0.0
        for index, fault in enumerate(self.faults):
            if fault.kind is FaultKind.MOVED and fault.active(t_s):
                rng = np.random.default_rng((self.seed, index))
                angle = float(rng.uniform(0, 2 * math.pi))
                # the swing into the new direction takes 0.4 s
                reach = 0.8 * MARGIN_PX * fault.strength * min(1.0, (t_s - fault.t0) / 0.4)
                dx, dy = dx + reach * math.cos(angle), dy + reach * math.sin(angle)
                turn += 0.6 * fault.strength
        return dx, dy, turn

    def matrix(self, t_s: float, size: Size) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """2x3 matrix from pixels of the undisturbed picture to pixels of the disturbed one."""
        dx, dy, turn = self.shift(t_s)
        matrix = np.asarray(cv2.getRotationMatrix2D((size.width / 2, size.height / 2), turn, 1.0), np.float64)
        matrix[:, 2] += (dx, dy)
        return matrix

    def apply(self, drawn: Image, t_s: float, size: Size) -> Image:
        """Cut the picture out of the larger drawn one, moved as at `t_s`."""
        dx, dy, turn = self.shift(t_s)
        if dx == dy == turn == 0.0:
            return drawn[MARGIN_PX : MARGIN_PX + size.height, MARGIN_PX : MARGIN_PX + size.width].copy()
        matrix = self.matrix(t_s, size)
        matrix[:, 2] -= matrix[:, :2] @ np.array([MARGIN_PX, MARGIN_PX], np.float64)
        return as_image(cv2.warpAffine(drawn, matrix, (size.width, size.height), flags=cv2.INTER_LINEAR))

    def move_box(self, box: Box, t_s: float, size: Size) -> Box:
        """Where a box of the undisturbed picture lies at `t_s`; may reach beyond the picture."""
        corners = np.array(
            [[box.x1, box.y1, 1], [box.x2, box.y1, 1], [box.x2, box.y2, 1], [box.x1, box.y2, 1]]
        )
        moved = corners @ self.matrix(t_s, size).T
        (x1, y1), (x2, y2) = moved.min(axis=0).tolist(), moved.max(axis=0).tolist()
        return Box(x1=x1, y1=y1, x2=x2, y2=y2)


def damage(image: Image, t_s: float, faults: tuple[Fault, ...], seed: int) -> Image:
    """`image` as the faults that hold at `t_s` leave it (MOVED and FROZEN act elsewhere)."""
    for fault in faults:
        if not fault.active(t_s):
            continue
        if fault.kind is FaultKind.BLOCKED:
            image = _cover(image, fault, seed)
        elif fault.kind is FaultKind.DARK:
            image = as_image(cv2.convertScaleAbs(image, alpha=1.0 - 0.96 * fault.strength))
        elif fault.kind is FaultKind.BLURRED:
            image = _blur(image, fault.strength)
        elif fault.kind is FaultKind.JPEG:
            image = broken_jpeg(image, t_s, fault.strength, seed)
    return image


def _cover(image: Image, fault: Fault, seed: int) -> Image:
    """A hand, leaf or cloth close before the lens: a soft dark shape over most of the picture."""
    h, w = image.shape[:2]
    rng = np.random.default_rng((seed, round(fault.t0 * 1000)))
    mask = np.zeros((h // 8, w // 8), np.uint8)
    centre = (int(w / 8 * rng.uniform(0.35, 0.65)), int(h / 8 * rng.uniform(0.4, 0.6)))
    axes = (int(w / 8 * (0.3 + 0.5 * fault.strength)), int(h / 8 * (0.3 + 0.6 * fault.strength)))
    cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 40)), 0, 360, 255, -1)
    mask = cv2.resize(cv2.GaussianBlur(mask, (0, 0), 5), (w, h))
    inverse = cv2.cvtColor(cv2.bitwise_not(mask), cv2.COLOR_GRAY2BGR)
    colour = np.array(rng.uniform(18, 46, 3), np.float32)
    cover = (mask[..., None].astype(np.float32) / 255.0 * colour).astype(np.uint8)
    return as_image(cv2.add(cv2.multiply(image, inverse, scale=1 / 255), cover))


def _blur(image: Image, strength: float) -> Image:
    h, w = image.shape[:2]
    small = cv2.resize(image, (w // 4, h // 4), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 0.4 + 3.2 * strength)
    return as_image(cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR))


def broken_jpeg(image: Image, t_s: float, strength: float, seed: int) -> Image:
    """Coarse compression, and now and then a picture whose lower part is shifted or grey."""
    rng = moment(t_s, seed + 3)
    quality = int(60 - 45 * strength)
    ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if ok else None
    if decoded is None:
        return image
    out = as_image(decoded)
    if rng.random() < 0.12 * strength:
        row = int(rng.uniform(0.3, 0.9) * image.shape[0]) // 16 * 16
        if rng.random() < 0.5:
            out[row:] = 128
        else:
            out[row:] = np.roll(out[row:], int(rng.integers(16, 200)), axis=1)
    return out
