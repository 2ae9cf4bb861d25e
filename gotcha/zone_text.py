"""Zones written into the text of a configuration file: everything else stays as people wrote it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from pipeline.errors import ConfigError

# The name a zone had in the file: a renamed one keeps its comments.
WAS = "was"
_LINE_WIDTH = 100_000
# Lists of these are written on one line, as in the shipped file.
_INLINE = frozenset({"polygon", "classes", "allowed_plates"})


def with_zones(text: str, camera: str, zones: Sequence[Mapping[str, JsonValue]]) -> str:
    """`text` with the zones of a camera replaced; comments, order and quotes stay.

    Args:
        text: YAML, checked already.
        camera: whose zones.
        zones: the keys of each as in the file, and `was`, its name there until now, where it has one.

    Raises:
        ConfigError: the file has no such camera.
    """
    yaml = _yaml()
    root = yaml.load(text)
    cameras = root.get("cameras") if isinstance(root, CommentedMap) else None
    settings = cameras.get(camera) if isinstance(cameras, CommentedMap) else None
    if not isinstance(settings, CommentedMap):
        raise ConfigError(f"no camera is named {camera!r}")
    kept = settings.get("zones")
    before = kept if isinstance(kept, CommentedSeq) else CommentedSeq()
    span = _span(text, settings, before)
    if span is None:
        # Written on one line, or there are none yet: the text is written anew around its comments.
        settings["zones"] = CommentedSeq(_zone(before, zone) for zone in zones)
        return _dumped(yaml, root)
    return _spliced(text, span, before, zones)


def _spliced(
    text: str, span: list[tuple[int, int]], before: CommentedSeq, zones: Sequence[Mapping[str, JsonValue]]
) -> str:
    """The lines of each zone that changed anew, all others as they are."""
    lines = text.splitlines(keepends=True)
    old = {str(zone["name"]): lines[begin:end] for zone, (begin, end) in zip(before, span, strict=True)}
    first = lines[span[0][0]]
    indent = first[: len(first) - len(first.lstrip())]
    blocks = [_block(old.get(str(zone.get(WAS))), zone, indent) for zone in zones]
    tail = lines[span[-1][1] :]
    if not blocks:
        head = lines[: span[0][0]]
        # `zones:` without entries would hold nothing, not an empty list.
        key = next(number for number in reversed(range(len(head))) if head[number].strip())
        head[key] = head[key].rstrip("\n").replace("zones:", "zones: []", 1) + "\n"
        return "".join(head + tail)
    written: list[str] = []
    for number, block in enumerate(blocks):
        body = [*block]
        while number == len(blocks) - 1 and len(body) > 1 and not body[-1].strip():
            body.pop()
        if number and written and written[-1].strip() and len(span) > 1 and block not in old.values():
            written.append("\n")
        written += body
    if written and not written[-1].endswith("\n"):
        written[-1] += "\n"
    return "".join([*lines[: span[0][0]], *written, *tail])


def _block(lines: list[str] | None, zone: Mapping[str, JsonValue], indent: str) -> list[str]:
    """The lines of one zone as an entry of a list."""
    yaml = _yaml()
    known: CommentedSeq = yaml.load("".join(lines)) if lines else CommentedSeq()
    wanted = {key: value for key, value in zone.items() if key != WAS}
    if lines and _plain(known[0]) == wanted:
        return lines
    # A list of its own begins at the first column; its indent comes back with the lines.
    yaml.indent(mapping=2, sequence=2, offset=0)
    text = _dumped(yaml, CommentedSeq([_zone(known, zone)]))
    return [indent + line if line.strip() else line for line in text.splitlines(keepends=True)]


def _zone(known: CommentedSeq, wanted: Mapping[str, JsonValue]) -> CommentedMap:
    """A zone of the file with the values wanted, or a new one."""
    was = wanted.get(WAS)
    zone = next((old for old in known if str(old.get("name")) == was), None)
    if zone is None and was is not None and len(known) == 1:
        zone = known[0]
    zone = CommentedMap() if zone is None else zone
    for key in [key for key in zone if key not in wanted]:
        del zone[key]
    for key, value in wanted.items():
        if key != WAS and (key not in zone or _plain(zone[key]) != value):
            zone[key] = _written(key, value)
    return zone


def _written(key: str, value: JsonValue) -> Any:
    if key == "hours" and isinstance(value, dict):
        hours = CommentedMap()
        for day, spans in value.items():
            # Unquoted, 08:00-20:00 is text, but 8:00 alone would be a number to other YAML readers.
            texts = [DoubleQuotedScalarString(str(span)) for span in spans] if isinstance(spans, list) else []
            hours[day] = _inline(texts)
        return hours
    if key in _INLINE and isinstance(value, list):
        return _inline([_inline(point) if isinstance(point, list) else point for point in value])
    # People write 90, not 90.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _inline(values: Sequence[Any]) -> CommentedSeq:
    inline = CommentedSeq(values)
    inline.fa.set_flow_style()
    return inline


def _span(text: str, settings: CommentedMap, zones: CommentedSeq) -> list[tuple[int, int]] | None:
    """First line and line after the last of each zone, from 0; None where they have no lines of their own."""
    if not zones or zones.fa.flow_style() or any(zone.fa.flow_style() for zone in zones):
        return None
    if settings.fa.flow_style() or zones.anchor.value is not None:
        return None
    lines = text.splitlines()
    begins = [zones.lc.item(number)[0] for number in range(len(zones))]
    if any(not lines[begin].lstrip().startswith("-") for begin in begins):
        return None
    depth = len(lines[begins[0]]) - len(lines[begins[0]].lstrip())
    end = begins[-1] + 1
    last = end
    while end < len(lines) and (not lines[end].strip() or _depth(lines[end]) > depth):
        end += 1
        # What follows the last zone and is empty or a comment belongs to what comes next.
        if lines[end - 1].strip() and not lines[end - 1].lstrip().startswith("#"):
            last = end
    return list(zip(begins, [*begins[1:], last], strict=True))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _plain(value: Any) -> JsonValue:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return float(value)
    return str(value)


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = _LINE_WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(yaml: YAML, node: Any) -> str:
    held = io.StringIO()
    yaml.dump(node, held)
    return held.getvalue()
