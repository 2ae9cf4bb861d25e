"""A YAML text that remembers on which line each key stands."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline.errors import ConfigError

KeyPath = tuple[str | int, ...]


class YamlDocument:
    """One YAML text, parsed: its content as JSON, and the line of every key.

    Args:
        text: the YAML.
        name: the file's name for messages.

    Raises:
        ConfigError: not YAML, a key twice, a key that is no text, or no mapping of sections.
    """

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self._root = _parsed(text, name)
        self._refuse_odd_keys(self._root)

    def as_json(self) -> str:
        """The content as JSON, dates in ISO form.

        Raises:
            ConfigError: it holds something JSON has no word for (a YAML tag, an alias of itself).
        """
        try:
            return json.dumps(self._root, default=_plain, allow_nan=True)
        except (TypeError, ValueError, RecursionError) as error:
            raise ConfigError(
                f"{self.name}: expected plain values (text, numbers, lists, sections), got {error}"
            ) from error

    def value_at(self, path: KeyPath) -> object:
        """What stands at `path`.

        Raises:
            KeyError: nothing does.
        """
        node: Any = self._root
        for part in path:
            if not _holds(node, part):
                raise KeyError(part)
            node = node[part]
        return node

    def holds(self, path: KeyPath) -> bool:
        """Whether something stands at `path`."""
        try:
            self.value_at(path)
        except KeyError:
            return False
        return True

    def line_of(self, path: KeyPath) -> int:
        """The line, from 1, of the key or list entry at `path`, or of the nearest section above it."""
        line = 1
        node: Any = self._root
        for part in path:
            if not _holds(node, part):
                break
            # A merged key (`<<`) has no position of its own in this section.
            if position := node.lc.data.get(part):
                line = position[0] + 1
            node = node[part]
        return line

    def _refuse_odd_keys(self, node: object) -> None:
        if isinstance(node, CommentedMap):
            for key, value in node.items():
                if not isinstance(key, str):
                    line = node.lc.data.get(key, (0,))[0] + 1
                    raise ConfigError(
                        f"{self.name} line {line}: expected a text as key, got {key!r}; "
                        f'put it in quotes: "{key}"'
                    )
                self._refuse_odd_keys(value)
        elif isinstance(node, CommentedSeq):
            for value in node:
                self._refuse_odd_keys(value)


def _parsed(text: str, name: str) -> CommentedMap:
    try:
        root = YAML(typ="rt", pure=True).load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        key = str(error.problem).split('"')[1:2] or ["?"]
        raise ConfigError(
            f"{name} line {line}: the key {key[0]!r} stands here a second time; keep one of the two"
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigError(
            f"{name} line {line}: this is not YAML: {error.problem or error.context}; "
            "check indentation, quotes and colons there"
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        # ValueError: a date such as 2026-13-45 fails in the YAML library itself.
        raise ConfigError(f"{name}: this is not YAML: {str(error).splitlines()[0]}") from None
    if root is None:
        return CommentedMap()
    if not isinstance(root, CommentedMap):
        got = "a list" if isinstance(root, list) else "a single value"
        raise ConfigError(f"{name} line 1: expected sections such as `cameras:`, got {got}")
    return root


def _holds(node: object, part: str | int) -> bool:
    if isinstance(node, CommentedMap):
        return part in node
    return isinstance(node, CommentedSeq) and isinstance(part, int) and 0 <= part < len(node)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r}")
