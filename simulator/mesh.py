"""Surfaces made of quadrilaterals, the stuff that vehicles are built of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from simulator.viewpoint import Floats

Ints = NDArray[np.int32]
Colour = tuple[float, float, float]
"""BGR, 0-1, as displayed (gamma encoded)."""


class Material(IntEnum):
    """How a face answers to light."""

    MATTE = 0
    PAINT = 1
    GLASS = 2
    HEADLAMP = 3
    TAILLAMP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """Faces in a vehicle's own frame: x forward, y left, z up, metres, origin on the ground in its middle.

    Attributes:
        vertices: float32 (n, 3).
        faces: int32 (m, 4) vertex indices, counter-clockwise seen from outside; a triangle repeats its last.
        colours: float32 (m, 3) BGR 0-1.
        materials: int32 (m,) of Material.
        lifts: float32 (m,) metres by which a face counts as nearer when faces are sorted (decals).
        normals: float32 (m, 3) unit vectors pointing outwards.
        centres: float32 (m, 3) middles of the faces.
    """

    vertices: Floats
    faces: Ints
    colours: Floats
    materials: Ints
    lifts: Floats
    normals: Floats
    centres: Floats


@dataclass(slots=True)
class MeshBuilder:
    """Collects faces; `build` freezes them."""

    _vertices: list[tuple[float, float, float]] = field(default_factory=list)
    _faces: list[tuple[int, int, int, int]] = field(default_factory=list)
    _colours: list[Colour] = field(default_factory=list)
    _materials: list[int] = field(default_factory=list)
    _lifts: list[float] = field(default_factory=list)

    def quad(
        self,
        corners: Sequence[tuple[float, float, float]],
        colour: Colour,
        material: Material = Material.MATTE,
        lift: float = 0.0,
        facing: tuple[float, float, float] | None = None,
    ) -> None:
        """Add a face of three or four corners, counter-clockwise seen from outside.

        With `facing` the order of the corners does not matter: the face turns towards that direction.
        """
        if facing is not None:
            a, b, c = (np.array(corners[k]) for k in (0, 1, 2))
            if float(np.cross(b - a, c - a) @ np.array(facing)) < 0:
                corners = list(corners)[::-1]
        first = len(self._vertices)
        self._vertices.extend(corners)
        last = first + len(corners) - 1
        self._faces.append((first, first + 1, first + 2, last))
        self._colours.append(colour)
        self._materials.append(int(material))
        self._lifts.append(lift)

    def mirrored_quad(
        self,
        corners: Sequence[tuple[float, float, float]],
        colour: Colour,
        material: Material = Material.MATTE,
        lift: float = 0.0,
    ) -> None:
        """Add a face and its mirror image on the other side of the vehicle (y -> -y)."""
        self.quad(corners, colour, material, lift)
        self.quad([(x, -y, z) for x, y, z in reversed(corners)], colour, material, lift)

    def box(
        self,
        low: tuple[float, float, float],
        high: tuple[float, float, float],
        colour: Colour,
        material: Material = Material.MATTE,
        lift: float = 0.0,
        cuts: tuple[int, int, int] = (1, 1, 1),
    ) -> None:
        """Add an axis-parallel box, its faces cut into `cuts` pieces along x, y and z."""
        for axis in range(3):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            us = np.linspace(low[u], high[u], cuts[u] + 1)
            vs = np.linspace(low[v], high[v], cuts[v] + 1)
            for side in (low[axis], high[axis]):
                for i in range(cuts[u]):
                    for j in range(cuts[v]):
                        ring = [
                            (us[i], vs[j]),
                            (us[i + 1], vs[j]),
                            (us[i + 1], vs[j + 1]),
                            (us[i], vs[j + 1]),
                        ]
                        corners = []
                        for a, b in ring if side == high[axis] else ring[::-1]:
                            corner = [0.0, 0.0, 0.0]
                            corner[axis], corner[u], corner[v] = float(side), float(a), float(b)
                            corners.append((corner[0], corner[1], corner[2]))
                        self.quad(corners, colour, material, lift)

    def disc(self, x: float, y: float, z: float, radius: float, colour: Colour, lift: float) -> None:
        """Add a disc in the x-z plane at `y`, facing outwards (away from y = 0), as one fan of faces."""
        steps = 16
        ring = [
            (
                x + radius * math.cos(2 * math.pi * k / steps),
                y,
                z + radius * math.sin(2 * math.pi * k / steps),
            )
            for k in range(steps)
        ]
        if y > 0:
            ring.reverse()
        for k in range(0, steps, 2):
            self.quad([(x, y, z), ring[k], ring[(k + 1) % steps], ring[(k + 2) % steps]], colour, lift=lift)

    def tube(
        self,
        start: tuple[float, float, float],
        end: tuple[float, float, float],
        radius: float,
        colour: Colour,
        material: Material = Material.MATTE,
        end_radius: float | None = None,
    ) -> None:
        """Add a closed six-sided tube from `start` to `end` (limbs, frames, poles)."""
        a, b = np.array(start), np.array(end)
        axis = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
        side = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
        side /= np.linalg.norm(side)
        up = np.cross(axis, side)
        end_r = radius if end_radius is None else end_radius
        rings: list[list[tuple[float, float, float]]] = []
        for centre, r in ((a, radius), (b, end_r)):
            ring = []
            for k in range(6):
                angle = math.pi / 3 * k
                p = centre + r * (math.cos(angle) * side + math.sin(angle) * up)
                ring.append((float(p[0]), float(p[1]), float(p[2])))
            rings.append(ring)
        for k in range(6):
            n = (k + 1) % 6
            self.quad([rings[0][k], rings[0][n], rings[1][n], rings[1][k]], colour, material)
        self.quad([rings[1][0], rings[1][1], rings[1][2], rings[1][3]], colour, material)
        self.quad([rings[1][3], rings[1][4], rings[1][5], rings[1][0]], colour, material)
        self.quad([rings[0][3], rings[0][2], rings[0][1], rings[0][0]], colour, material)
        self.quad([rings[0][0], rings[0][5], rings[0][4], rings[0][3]], colour, material)

    def build(self) -> Mesh:
        """The frozen mesh of all faces so far."""
        vertices = np.array(self._vertices, np.float32).reshape(-1, 3)
        faces = np.array(self._faces, np.int32).reshape(-1, 4)
        corners = vertices[faces]
        normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        # a triangle repeats its last corner: its diagonals are its edges, which serves as well
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
        return Mesh(
            vertices=vertices,
            faces=faces,
            normals=normals.astype(np.float32),
            centres=corners.mean(axis=1).astype(np.float32),
            colours=np.array(self._colours, np.float32).reshape(-1, 3),
            materials=np.array(self._materials, np.int32),
            lifts=np.array(self._lifts, np.float32),
        )
