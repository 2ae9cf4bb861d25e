"""Values of a top-level section written into the text of a configuration file: all else stays as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from pydantic import JsonValue
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from pipeline.errors import ConfigError

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'')


def with_values(text: str, section: str, values: Mapping[str, JsonValue]) -> str:
    """`text` with these keys of a section; null takes one away, keys that are not named stay.

    Args:
        text: YAML, checked already.
        section: a key at the top; it is added where there is none.
        values: plain values and lists of them, by key.

    Raises:
        ConfigError: the section is not written one key a line.
    """
    for key, value in values.items():
        text = _with_value(text, section, key, value)
    return text


def _with_value(text: str, section: str, key: str, value: JsonValue) -> str:
    root = YAML(typ="rt", pure=True).load(text)
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    held = root.get(section) if isinstance(root, CommentedMap) else None
    if not held:
        return text if value is None else _with_section(lines, root, section, key, value)
    if not held.lc.data:
        raise ConfigError(
            f"`{section}` comes from another part of the file by `<<`: change it in the file itself"
        )
    if held.fa.flow_style():
        raise ConfigError(f"write `{section}` one key a line: on one line it cannot be changed from here")
    if key not in held:
        return text if value is None else _with_new_key(lines, held, key, value)
    if _says(held, section, key, value):
        return text
    return "".join(_with_other(lines, root, section, key, value))


def _says(held: CommentedMap, section: str, key: str, value: JsonValue) -> bool:
    """Whether a key has this value already.

    Raises:
        ConfigError: it has another that comes from another part of the file.
    """
    if key in held.lc.data:
        return value is not None and _same(held[key], value)
    if value != held[key]:
        raise ConfigError(
            f"`{section}.{key}` comes from another part of the file by `<<`: change it in the file itself"
        )
    return True


def _with_other(lines: list[str], root: CommentedMap, section: str, key: str, value: JsonValue) -> list[str]:
    """The lines with another value of a key that stands in the section, or without it."""
    held = root[section]
    begin, depth = held.lc.key(key)
    line, column = held.lc.value(key)
    if line != begin or not _on_one_line(lines, begin, depth):
        raise ConfigError(f"write `{section}.{key}` on one line: as it is, it cannot be changed from here")
    before, after = lines[:line], lines[line + 1 :]
    if value is not None:
        return [*before, _with_other_value(lines[line], column, value), *after]
    if len(_own(held)) > 1:
        return [*before, *after]
    # An empty section stays where its last key stood.
    return [*lines[: root.lc.key(section)[0]], f"{section}: {{}}\n", *after]


def _own(held: CommentedMap) -> list[str]:
    """The keys that stand in a section itself, and do not come by `<<`."""
    return [name for name in held if name in held.lc.data]


def _with_other_value(line: str, column: int, value: JsonValue) -> str:
    rest = line[column:]
    quoted = _QUOTED.match(rest)
    length = quoted.end() if quoted else len(re.split(r"\s+#|\n", rest, maxsplit=1)[0].rstrip())
    return line[:column] + json.dumps(value, ensure_ascii=False) + rest[length:]


def _with_new_key(lines: list[str], held: CommentedMap, key: str, value: JsonValue) -> str:
    last, depth = held.lc.key(_own(held)[-1])
    written = f"{' ' * depth}{key}: {json.dumps(value, ensure_ascii=False)}\n"
    after = last + 1
    # The entries of a list may stand below their key, no deeper than it.
    while after < len(lines) and re.match(rf" {{{depth + 1},}}\S| {{{depth}}}- ", lines[after]):
        after += 1
    return "".join([*lines[:after], written, *lines[after:]])


def _with_section(
    lines: list[str], root: CommentedMap | None, section: str, key: str, value: JsonValue
) -> str:
    written = f"  {key}: {json.dumps(value, ensure_ascii=False)}\n"
    if root is not None and section in root:
        # `section:`, `section: {}` or `section: null`, in which nothing stands yet.
        at = root.lc.key(section)[0]
        key_alone = rf"^([\"']?{re.escape(section)}[\"']?\s*:)[^\S\n]*(?:\{{\s*\}}|null\b|~)"
        head = re.sub(key_alone, r"\1", lines[at])
        return "".join([*lines[:at], head, written, *lines[at + 1 :]])
    return "".join([*lines, "\n" if lines else "", f"{section}:\n", written])


def _on_one_line(lines: list[str], begin: int, depth: int) -> bool:
    """Whether nothing that belongs to the key in line `begin` stands below it."""
    return begin + 1 == len(lines) or not re.match(rf" {{{depth + 1},}}[^\s#]", lines[begin + 1])


def _same(before: object, after: JsonValue) -> bool:
    if isinstance(after, list):
        return isinstance(before, list) and list(before) == after
    return type(after) is type(before) and before == after
