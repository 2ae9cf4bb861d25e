"""How bright each face of a vehicle looks: sun, sky, street lamps, mirrored surroundings, own lamps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.lighting import LightState, display
from simulator.mesh import Material, Mesh
from simulator.viewpoint import Floats

LAMP_COLOUR = np.array([0.28, 0.42, 0.55], np.float32)
"""Radiance under a street lamp (BGR): sodium-like warm white."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLight:
    """What light reaches a vehicle where it is.

    Attributes:
        sunlit: 0-1, the share of direct sun.
        lamp_light: illumination by street lamps, about 0-1.
        lamps_on: its own lamps burn when it is dark (it is not parked).
        braking: its brake lamps burn.
    """

    sunlit: float = 1.0
    lamp_light: float = 0.0
    lamps_on: bool = True
    braking: bool = False


def shade(mesh: Mesh, normals: Floats, to_camera: Floats, light: LightState, place: PlaceLight) -> Floats:
    """Displayed BGR 0-255 of every face, float32 (m, 3).

    Args:
        mesh: gives colours, materials and heights.
        normals: float32 (m, 3) in the world.
        to_camera: float32 (m, 3) unit vectors from the faces to the lens.
        light: the state to shade in.
        place: what light reaches the vehicle's place, and which of its own lamps burn.
    """
    sun_direction = light.sun_direction()
    sun = np.array(light.sun, np.float32) * place.sunlit
    sky = np.array(light.sky, np.float32) + light.lamps * place.lamp_light * LAMP_COLOUR
    facing = np.maximum(normals @ sun_direction, 0.0)[:, None]
    up = normals[:, 2:3]
    bounce = 0.25 * (sky + sun * max(float(sun_direction[2]), 0.0))
    # surfaces near the road see less sky: a cheap ambient occlusion
    open_sky = np.clip(0.45 + 0.75 * mesh.centres[:, 2:3], 0.45, 1.0)
    ambient = (sky * (0.5 + 0.5 * up) + bounce * (0.5 - 0.5 * up)) * open_sky
    radiance = np.square(mesh.colours) * (sun * facing + ambient)
    _add_reflections(radiance, mesh, normals, to_camera, sun_direction, sun, sky)
    if light.lamps > 0.0 and place.lamps_on:
        _light_lamps(radiance, mesh, light.lamps)
    if place.braking:
        radiance[mesh.materials == Material.TAILLAMP] = (0.12, 0.12, 1.0)
    return display(radiance)


def _add_reflections(
    radiance: Floats,
    mesh: Mesh,
    normals: Floats,
    to_camera: Floats,
    sun_direction: Floats,
    sun: Floats,
    sky: Floats,
) -> None:
    """Add what clear coat and glass mirror: sky, the dark band of houses, the sun (Schlick's Fresnel)."""
    shiny = (mesh.materials == Material.PAINT) | (mesh.materials == Material.GLASS)
    n, v = normals[shiny], to_camera[shiny]
    cosine = np.clip(np.sum(n * v, axis=1, keepdims=True), 0.0, 1.0)
    mirrored = 2.0 * cosine * n - v
    height = mirrored[:, 2:3]
    is_glass = (mesh.materials[shiny] == Material.GLASS)[:, None]
    base = np.where(is_glass, 0.02, 0.06)
    # tinted side windows mirror less at a grazing angle than clear coat does
    fresnel = base + np.where(is_glass, 0.5, 1.0 - base) * (1.0 - cosine) ** 5
    skyline = 0.28 + 0.10 * np.sin(5.0 * np.arctan2(mirrored[:, 0:1], mirrored[:, 1:2]))
    above = np.clip((height - skyline) * 2.0 + 0.5, 0.0, 1.0)
    environment = sky * (0.35 + 1.65 * above) + 0.15 * sun * (height < 0)
    glint = np.clip(mirrored @ sun_direction, 0.0, 1.0)[:, None] ** 60
    radiance[shiny] += fresnel * environment + 0.5 * glint * sun


def _light_lamps(radiance: Floats, mesh: Mesh, level: float) -> None:
    radiance[mesh.materials == Material.HEADLAMP] += np.array([0.9, 1.0, 1.0], np.float32) * level
    radiance[mesh.materials == Material.TAILLAMP] += np.array([0.03, 0.03, 0.45], np.float32) * level
