"""A key that stands in the environment, never in a file: shown nowhere."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo

from gotcha.config_section import loading_context

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_MIN_LENGTH = 32


class Secret:
    """A text that is given out only by `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"


def _from_environment(value: object, info: ValidationInfo[Any]) -> Secret:
    if isinstance(value, Secret):
        return value
    named = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
    if named is None:
        raise ValueError("expected ${NAME} of an environment variable: a key must not stand in this file")
    text = loading_context(info).environment.get(named[1], "")
    if len(text) < _MIN_LENGTH:
        raise ValueError(
            f"expected at least {_MIN_LENGTH} characters in the environment variable {named[1]}, "
            f"got {len(text)}; `openssl rand -base64 48` makes some"
        )
    return Secret(text)


SigningSecret = Annotated[Secret, PlainValidator(_from_environment)]
