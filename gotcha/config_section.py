"""What every section of config.yaml has in common: strictness, paths, time zones."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadingContext:
    """What the values of a file are read against.

    Attributes:
        folder: the folder relative paths start from: that of the file.
        environment: where `${NAME}` is looked up.
        opens_cameras: False lets a `${NAME}` of a camera's address be unset: who only looks at reports need
            not know the cameras' passwords.
    """

    folder: Path = field(default_factory=Path.cwd)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    opens_cameras: bool = True


class Section(BaseModel):
    """A section of the file: frozen, strict about types, and an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )


def loading_context(info: ValidationInfo[Any]) -> LoadingContext:
    """The context of a validation; the current folder and the process's environment when none was given."""
    return info.context if isinstance(info.context, LoadingContext) else LoadingContext()


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word `word` was probably meant to be, or None."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def _from_folder(value: object, info: ValidationInfo[Any]) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError(f"expected a path, got {value!r}")
    return loading_context(info).folder / Path(value).expanduser()


def _time_zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    if not isinstance(value, str):
        raise ValueError(f"expected a time zone such as Asia/Seoul, got {value!r}")
    known = available_timezones()
    if value not in known:
        # Only the city is compared too: people write "Seoul" where the name is "Asia/Seoul".
        by_city = {name.rsplit("/", 1)[-1].casefold(): name for name in known}
        guess = by_city.get(value.casefold()) or nearest(value, known)
        hint = f"; did you mean {guess!r}?" if guess else ""
        raise ValueError(f"expected a time zone such as Asia/Seoul, got {value!r}{hint}")
    return ZoneInfo(value)


# A path as written, taken from the folder of the configuration file.
ConfigPath = Annotated[Path, PlainValidator(_from_folder)]
TimeZone = Annotated[ZoneInfo, PlainValidator(_time_zone)]
