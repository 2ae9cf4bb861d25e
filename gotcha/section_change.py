"""A section of the configuration file as somebody wants it: checked, and written alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import JsonValue, ValidationError

from gotcha.config import Config
from gotcha.config_file import ConfigFile
from gotcha.config_section import Section
from gotcha.section_text import with_values
from pipeline.errors import ConfigError, InvalidValueError

_S = TypeVar("_S", bound=Section)


def checked(kind: type[_S], values: Mapping[str, JsonValue]) -> _S:
    """A section of these values.

    Raises:
        InvalidValueError: a value is wrong, or its key unknown; says which.
    """
    try:
        return kind.model_validate_json(json.dumps(dict(values)))
    except ValidationError as error:
        faults = "; ".join(
            ": ".join(filter(None, (".".join(map(str, one["loc"])), one["msg"]))) for one in error.errors()
        )
        raise InvalidValueError(faults) from None


def write_section(
    file: ConfigFile,
    section: str,
    rules: Section,
    said: Callable[[Config], Mapping[str, JsonValue]],
    revision: str,
) -> None:
    """Write a top-level section into the file.

    Args:
        file: the configuration.
        section: its key.
        rules: what it shall say, defaults filled in.
        said: gives the values that are written, of the configuration as it was before.
        revision: the one that the change was made for.

    Raises:
        ConfigChangedError: the file is another one by now.
        ConfigError: it cannot be read or written, or is not written one key a line.
    """

    def edit(text: str) -> str:
        before = file.parsed(text)
        changed = with_values(text, section, said(before))
        if before.model_copy(update={section: rules}) != file.parsed(changed):
            raise ConfigError(
                f"`{section}` is tied to other parts of {file.path.name} (an anchor or an alias): "
                "change it in the file itself"
            )
        return changed

    file.change(edit, revision)
