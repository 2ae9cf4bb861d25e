"""Addresses with passwords: taken from the environment, never shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pydantic import PlainValidator, ValidationInfo

from gotcha.config_section import loading_context
from sources.redact import redact

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_BROKEN_VARIABLE = re.compile(r"\$\{(?![A-Za-z_][A-Za-z0-9_]*\})")
# Scheme, then everything up to the last "@" before the path: what stands between is user and password.
_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#\s]*)@")
# Stands for the host of an address whose variables are not set (RFC 6761: `.invalid` is nobody's).
_UNSET = "unset.invalid"
_SECRET_PARAMETERS = frozenset({"password", "passwd", "pwd", "pass", "token", "secret", "apikey", "api_key"})


class SecretUrl:
    """An address that may hold a password: shown without it, given out whole only by `reveal`.

    Args:
        url: the whole address, variables already expanded.
    """

    __slots__ = ("_url",)

    def __init__(self, url: str) -> None:
        self._url = url

    def reveal(self) -> str:
        """The whole address, for the library that connects to it and nothing else."""
        return self._url

    @property
    def scheme(self) -> str:
        return urlsplit(self._url).scheme.lower()

    @property
    def is_known(self) -> bool:
        """Whether every variable in it was set; cameras' addresses may be loaded without them."""
        return urlsplit(self._url).hostname != _UNSET

    def __str__(self) -> str:
        return redact(self._url)

    def __repr__(self) -> str:
        return f"SecretUrl({redact(self._url)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretUrl) and other._url == self._url

    def __hash__(self) -> int:
        return hash(self._url)


def expand(text: str, environment: Mapping[str, str]) -> str:
    """`text` with each `${NAME}` replaced by the environment's value.

    A value is percent-encoded where it stands for a user, a password or a parameter, so that a password
    may hold any character; a text that is one variable and nothing else is taken as it is.

    Raises:
        ValueError: a variable is not set.
    """
    if whole := _VARIABLE.fullmatch(text):
        return _looked_up(whole[1], environment)
    login_ends = text.rfind("@", 0, _authority_end(text))
    query_begins = text.find("?")

    def replace(match: re.Match[str]) -> str:
        value = _looked_up(match[1], environment)
        in_query = 0 <= query_begins < match.start()
        return quote(value, safe="") if match.start() < login_ends or in_query else value

    return _VARIABLE.sub(replace, text)


def _authority_end(text: str) -> int:
    begin = text.find("://") + 3
    ends = [at for at in (text.find(mark, begin) for mark in "/?#") if at >= 0]
    return min(ends, default=len(text))


def _looked_up(name: str, environment: Mapping[str, str]) -> str:
    value = environment.get(name, "")
    if not value:
        raise ValueError(
            f"the environment variable {name} is not set; "
            f"set it where gotcha starts: export {name}='...' (or Environment= in a systemd unit)"
        )
    return value


def _refuse_plain_password(text: str) -> None:
    login = _USERINFO.match(text)
    password = login[2].partition(":")[2] if login else ""
    parameters = parse_qsl(text.partition("?")[2])
    plain = [password] if password else []
    plain += [value for name, value in parameters if name.lower() in _SECRET_PARAMETERS]
    if any(_VARIABLE.sub("", value) for value in plain):
        raise ValueError(
            "a password must not stand in this file; write ${CAMERA_PASSWORD} in its place "
            "and set that environment variable (any name will do)"
        )


def secret_url(*schemes: str, of_camera: bool = False) -> PlainValidator:
    """A validator for an address with one of `schemes`, expanding `${NAME}` from the environment."""

    def validate(value: object, info: ValidationInfo[Any]) -> SecretUrl:
        if isinstance(value, SecretUrl):
            return value
        if not isinstance(value, str):
            raise ValueError(f"expected an address such as {schemes[0]}://..., got {value!r}")
        if _BROKEN_VARIABLE.search(value):
            raise ValueError(
                "expected ${NAME} with a name of letters, digits and _, got something else after ${"
            )
        _refuse_plain_password(value)
        context = loading_context(info)
        unset = any(not context.environment.get(name) for name in _VARIABLE.findall(value))
        if unset and of_camera and not context.opens_cameras:
            return SecretUrl(f"{schemes[0]}://{_UNSET}")
        url = expand(value, context.environment)
        try:
            parts = urlsplit(url)
            usable = parts.scheme.lower() in schemes and (parts.port is None or parts.port > 0)
            # PostgreSQL on this machine may be a socket: postgresql:///name?host=/run/postgresql
            named = parts.hostname or parts.scheme in ("unix", "sqlite") or "host=/" in unquote(parts.query)
            usable = usable and bool(named)
        except ValueError:
            usable = False
        if not usable:
            wanted = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ValueError(f"expected an address that begins with {wanted}, got {redact(url)!r}")
        return SecretUrl(url)

    return PlainValidator(validate)


RtspUrl = Annotated[SecretUrl, secret_url("rtsp", "rtsps", of_camera=True)]
# The ESP32-CAM has no TLS and no login.
PlainHttpUrl = Annotated[SecretUrl, secret_url("http", of_camera=True)]
HttpUrl = Annotated[SecretUrl, secret_url("http", "https", of_camera=True)]
RedisUrl = Annotated[SecretUrl, secret_url("redis", "rediss", "unix")]
DatabaseUrl = Annotated[SecretUrl, secret_url("sqlite", "postgresql", "postgresql+psycopg")]


class SecretText:
    """A password-like text: never shown, given out only by `reveal`.

    Args:
        text: the secret.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret, for comparing or sending it and nothing else."""
        return self._text

    def __repr__(self) -> str:
        return "SecretText('***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


# Short enough to remember is short enough to guess.
_LEAST_TOKEN = 16


def _token(value: object, info: ValidationInfo[Any]) -> SecretText:
    if isinstance(value, SecretText):
        return value
    whole = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
    if whole is None:
        raise ValueError(
            "a secret must not stand in this file; write ${INGEST_TOKEN} and set that environment variable "
            "(any name will do)"
        )
    text = _looked_up(whole[1], loading_context(info).environment)
    if len(text) < _LEAST_TOKEN:
        raise ValueError(f"expected a secret of at least {_LEAST_TOKEN} characters, got {len(text)}")
    return SecretText(text)


Token = Annotated[SecretText, PlainValidator(_token)]
