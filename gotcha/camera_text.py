"""Cameras written into the text of a configuration file: everything else stays as people wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from pydantic import JsonValue
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from gotcha.config_yaml import YamlDocument
from pipeline.errors import ConfigError

# In which order the keys of a camera are written.
_ORDER = (
    *("kind", "url", "stream_port", "device", "size", "fps", "analysis_url", "decode", "interval_s"),
    *("framesize", "quality", "analysis_fps", "region", "time_zone", "location"),
)
_PLAIN = re.compile(r"[A-Za-z0-9/][\w./:@?&=%${}+~,-]*")
# Norway's code is a truth value to readers of YAML 1.1.
_NO_TEXT = re.compile("yes|no|on|off|y|n", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'')
_STEP = 2


def with_camera(text: str, name: str, settings: Mapping[str, JsonValue]) -> str:
    """`text` with one more camera, after the others.

    Raises:
        ConfigError: the cameras are not written one key a line.
    """
    lines = _lines(text)
    root = _parsed(text)
    cameras = root.get("cameras")
    if "cameras" not in root:
        return "".join([*lines, "\ncameras:\n", *_block(name, settings, _STEP)])
    at = root.lc.key("cameras")[0]
    if not cameras:
        # `cameras: {}` or `cameras: null`, or a section in which nothing stands yet.
        flow = re.sub(r"(cameras[\"']?\s*:)[^\S\n]*(?:\{\s*\}|null\b|~)", r"\1", lines[at])
        after = at + 1
        while flow == lines[at] and after < len(lines) and lines[after].strip() in ("{}", ""):
            after += 1
        return "".join([*lines[:at], flow, *_block(name, settings, _STEP), *lines[after:]])
    _refuse_flow(root, cameras)
    depth = cameras.lc.key(next(iter(cameras)))[1]
    end = _end_of(lines, at, depth)
    return "".join([*lines[:end], "\n", *_block(name, settings, depth), *lines[end:]])


def without_camera(text: str, name: str) -> str:
    """`text` without a camera and without the comment right above it.

    Raises:
        ConfigError: there is none of that name, or the cameras are not written one key a line.
    """
    lines = _lines(text)
    root = _parsed(text)
    cameras = _cameras(root, name)
    _refuse_flow(root, cameras)
    begin, depth = cameras.lc.key(name)
    end = _end_of(lines, begin, depth + 1)
    while begin and re.match(rf" {{{depth}}}#", lines[begin - 1]):
        begin -= 1
    if len(cameras) == 1:
        key = root.lc.key("cameras")[0]
        lines[key] = re.sub(r"(cameras\s*:)", r"\1 {}", lines[key], count=1)
    while begin and not lines[begin - 1].strip() and (end == len(lines) or not lines[end].strip()):
        begin -= 1
    return "".join([*lines[:begin], *lines[end:]])


def with_settings(text: str, name: str, settings: Mapping[str, JsonValue]) -> str:
    """`text` with these settings of a camera changed.

    Args:
        text: YAML, checked already.
        name: the camera.
        settings: values by key; null takes the key away. Keys that are not named stay.

    Raises:
        ConfigError: there is none of that name, or it is not written one key a line.
    """
    for key in sorted(settings, key=_place):
        lines = _lines(text)
        root = _parsed(text)
        camera = _cameras(root, name)[name]
        _refuse_flow(root, root["cameras"])
        if camera.fa.flow_style():
            text = _opened(text, root["cameras"], name)
            lines = _lines(text)
            camera = _parsed(text)["cameras"][name]
        text = "".join(_with_key(lines, camera, key, settings[key]))
    return text


def _with_key(lines: list[str], camera: CommentedMap, key: str, value: JsonValue) -> list[str]:
    # What comes by `<<` stands elsewhere, for other cameras too; what is written here goes before it.
    own = [str(known) for known in camera if known in camera.lc.data]
    if key not in own:
        if key in camera and _same(camera[key], value):
            return lines
        if value is None and key not in camera:
            return lines
        if value is None or not own:
            raise ConfigError(
                f"`{key}` comes from another part of the configuration by `<<`: change it in the file itself"
            )
        above = [known for known in own if _place(known) <= _place(key) and known in _ORDER]
        first, depth = camera.lc.key(above[-1] if above else own[0])
        after = _end_of(lines, first, depth + 1)
        return [*lines[:after], f"{' ' * depth}{key}: {_written(value)}\n", *lines[after:]]
    begin, depth = camera.lc.key(key)
    end = _end_of(lines, begin, depth + 1)
    if value is None:
        return [*lines[:begin], *lines[end:]]
    if _same(camera[key], value):
        return lines
    line, column = camera.lc.value(key)
    if line != begin or end != begin + 1 or isinstance(value, dict):
        return [*lines[:begin], f"{' ' * depth}{key}: {_written(value)}\n", *lines[end:]]
    rest = lines[line][column:]
    quoted = _QUOTED.match(rest)
    length = quoted.end() if quoted else len(re.split(r"\s+#|\n", rest, maxsplit=1)[0].rstrip())
    lines[line] = lines[line][:column] + _written(value) + rest[length:]
    return lines


def _opened(text: str, cameras: CommentedMap, name: str) -> str:
    """`text` with a camera that stands in braces written one key a line."""
    lines = _lines(text)
    begin, depth = cameras.lc.key(name)
    end = _end_of(lines, begin, depth + 1)
    values = json.loads(YamlDocument(text, "config").as_json())["cameras"][name]
    return "".join([*lines[:begin], *_block(name, values, depth), *lines[end:]])


def _block(name: str, settings: Mapping[str, JsonValue], depth: int) -> list[str]:
    wanted = [key for key in sorted(settings, key=_place) if settings[key] is not None]
    inner = " " * (depth + _STEP)
    return [
        f"{' ' * depth}{_written(name)}:\n",
        *(f"{inner}{key}: {_written(settings[key])}\n" for key in wanted),
    ]


def _place(key: str) -> int:
    return _ORDER.index(key) if key in _ORDER else len(_ORDER)


def _written(value: JsonValue) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(part)}" for key, part in value.items()) + "}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str):
        if (
            _PLAIN.fullmatch(value)
            and not _NO_TEXT.fullmatch(value)
            and YAML(typ="safe", pure=True).load(value) == value
        ):
            return value
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def _same(old: object, new: JsonValue) -> bool:
    if isinstance(old, int | float) and isinstance(new, int | float) and not isinstance(old, bool):
        return float(old) == float(new)
    return old == new


def _end_of(lines: list[str], begin: int, depth: int) -> int:
    """The line after a key's block: what follows it and is empty or a comment belongs to what comes next."""
    end = last = begin + 1
    while end < len(lines):
        stripped = lines[end].strip()
        indent = len(lines[end]) - len(lines[end].lstrip())
        if stripped and not stripped.startswith("#"):
            if indent < depth:
                break
            last = end + 1
        end += 1
    return last


def _lines(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return lines


def _parsed(text: str) -> CommentedMap:
    root = YAML(typ="rt", pure=True).load(text)
    return root if isinstance(root, CommentedMap) else CommentedMap()


def _cameras(root: CommentedMap, name: str) -> CommentedMap:
    cameras = root.get("cameras")
    if not isinstance(cameras, CommentedMap) or name not in cameras:
        raise ConfigError(f"no camera is named {name!r}")
    return cameras


def _refuse_flow(*maps: CommentedMap) -> None:
    if any(one.fa.flow_style() for one in maps):
        raise ConfigError(
            "the cameras stand in braces, `{...}`, in the configuration: write them one key a line, "
            "or change them in the file itself"
        )
