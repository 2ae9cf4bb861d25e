"""Where a vehicle touches the ground, and whether that is inside a zone."""

from __future__ import annotations

from pipeline.geometry import Box, Polygon

# The ground contact of a vehicle lies in the lowest part of its box. Its depth in the picture follows the
# shorter side: a side view is wider than tall, a bus or truck from the front is taller than wide, and 30 %
# of a tall box would reach up to its windows. The anchor at the bottom instead of the centre is what others
# settled on too (Frigate: "bottom center"; supervision, PolygonZone: Position.BOTTOM_CENTER).
FOOTPRINT_SHARE = 0.3
# A vehicle that is in a zone stays in it until its share falls below this part of the zone's overlap: boxes
# of one and the same standing vehicle jitter by some percent.
KEEP_SHARE = 0.7


def footprint(box: Box) -> Box:
    """The part of a vehicle's box that stands on the ground; same pixels as `box`."""
    depth = FOOTPRINT_SHARE * min(box.width, box.height)
    return Box(x1=box.x1, y1=box.y2 - depth, x2=box.x2, y2=box.y2)


def inside_zone(box: Box, zone: Polygon, overlap: float, *, already: bool = False) -> bool:
    """Whether the vehicle with `box` stands in `zone`; both in pixels of the full frame.

    It does when at least `overlap` of its footprint lies inside. A zone smaller than a vehicle (a hydrant's
    spot, a strip of kerb) can never hold that much: there the anchor, the middle of the lower edge, has to be
    inside and the footprint has to cover at least `overlap` of the zone. The anchor alone is not enough: it
    would accuse a vehicle of which only a corner is in the zone.

    Args:
        box: the vehicle.
        zone: simple polygon, convex or not.
        overlap: the least share, 0-1.
        already: the vehicle was in the zone before; it stays until the share falls below 0.7 of `overlap`.
    """
    needed = overlap * (KEEP_SHARE if already else 1.0)
    contact = footprint(box)
    shared = clipped_area(zone, contact)
    if shared >= needed * contact.area:
        return True
    return shared >= needed * zone.area and zone.contains(box.ground)


def clipped_area(polygon: Polygon, box: Box) -> float:
    """The area of `polygon` inside `box`, exact, square pixels.

    Sutherland and Hodgman, "Reentrant polygon clipping" (CACM 1974), clipping the polygon by the convex box.
    A concave polygon may fall into pieces joined by edges along the box's border; these run to and fro and
    enclose nothing, so the shoelace sum stays exact.
    """
    points = [(p.x, p.y) for p in polygon.points]
    for axis, limit, sign in ((0, box.x1, 1.0), (0, box.x2, -1.0), (1, box.y1, 1.0), (1, box.y2, -1.0)):
        points = _clip_half_plane(points, axis, limit, sign)
        if not points:
            return 0.0
    total = 0.0
    # Relative to a corner of the box: large coordinates would cost digits.
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        total += (ax - box.x1) * (by - box.y1) - (bx - box.x1) * (ay - box.y1)
    return min(abs(total) / 2, box.area)


def _clip_half_plane(
    points: list[tuple[float, float]], axis: int, limit: float, sign: float
) -> list[tuple[float, float]]:
    kept: list[tuple[float, float]] = []
    previous = points[-1]
    before = sign * (previous[axis] - limit)
    for current in points:
        now = sign * (current[axis] - limit)
        if (now >= 0.0) != (before >= 0.0):
            share = before / (before - now)
            crossing = [
                previous[0] + share * (current[0] - previous[0]),
                previous[1] + share * (current[1] - previous[1]),
            ]
            crossing[axis] = limit
            kept.append((crossing[0], crossing[1]))
        if now >= 0.0:
            kept.append(current)
        previous, before = current, now
    return kept
