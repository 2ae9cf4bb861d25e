"""A camera's address and login: apart on the dashboard, together in config.yaml, the password in neither."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from pipeline.errors import InvalidValueError
from sources.redact import Address
from web.camera_services import CameraDraft, PasswordKept

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET = re.compile(
    r"([?&](?:[a-z_-]*(?:password|passwd|pwd|pass|token|secret)|pw|loginpas|api[_-]?key)=)([^&#]+)",
    re.IGNORECASE,
)
_MORE_THAN_ONE = "more than one password stands in the addresses: write them into the file itself"
_NO_VARIABLE = "a variable such as ${NAME} is written in the file itself: type the password in here"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAddress:
    """An address as it stands in config.yaml, taken apart.

    Attributes:
        shown: without user and password; `${NAME}` where it has variables.
        user: decoded, empty without one.
        variables: names of all variables in it, the password's among them.
    """

    shown: str
    user: str
    variables: tuple[str, ...]

    @classmethod
    def parsed(cls, text: str) -> WrittenAddress:
        """`text` taken apart."""
        names = tuple(_VARIABLE.findall(text))
        try:
            parts = urlsplit(text)
        except ValueError:
            return cls(shown=text, user="", variables=names)
        login, _, host = parts.netloc.rpartition("@")
        shown = urlunsplit(parts._replace(netloc=host)) if login else text
        return cls(shown=shown, user=unquote(login.partition(":")[0]), variables=names)

    @property
    def host(self) -> tuple[str, str]:
        """Scheme and host with port: whom a password is told."""
        parts = urlsplit(self.shown)
        return parts.scheme.lower(), parts.netloc.lower()


def kept(variables: tuple[str, ...], passwords: Mapping[str, str]) -> PasswordKept:
    """Where the values of an address's variables are."""
    if not variables:
        return PasswordKept.NONE
    if any(not os.environ.get(name) and not passwords.get(name) for name in variables):
        return PasswordKept.MISSING
    in_file = any(not os.environ.get(name) for name in variables)
    return PasswordKept.FILE if in_file else PasswordKept.ENVIRONMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLogin:
    """What is to be written: addresses by their keys, the password, where there is one, by its variable."""

    addresses: Mapping[str, str | None]
    passwords: Mapping[str, str] = field(repr=False)


def written_login(draft: CameraDraft, before: Mapping[str, str], text: str) -> WrittenLogin:
    """The addresses of a camera for config.yaml.

    A password that is kept goes only to the hosts it went to before: who may change an address may not have
    it sent elsewhere. Variables of the environment are named by whoever writes config.yaml by hand, not here.

    Args:
        draft: what is wanted.
        before: the addresses that the camera has in the configuration, by their keys; none for a new one.
        text: of the configuration, whose variables' names are taken.

    Raises:
        InvalidValueError: the password has to be typed in again, or an address names a variable.
    """
    wanted = {"url": draft.address, "analysis_url": draft.analysis_address}
    old = {key: WrittenAddress.parsed(value) for key, value in before.items()}
    user, password = draft.user, draft.password
    shown: dict[str, str] = {}
    for key, address in wanted.items():
        if not address:
            continue
        typed = _typed(key, address.strip())
        if "${" in typed.username + typed.password:
            raise InvalidValueError(_NO_VARIABLE)
        if typed.password and password not in (None, typed.password):
            raise InvalidValueError(_MORE_THAN_ONE)
        if typed.password:
            user, password = typed.username or user, typed.password
        shown[key] = typed.url
    _refuse_variables(shown.values(), old.values())
    password = _one_password(shown.values(), user, password)
    variable = _variable(draft.name, before, text)
    if password:
        written = {
            key: _with_login(address, user, variable) if user else _SECRET.sub(rf"\1${{{variable}}}", address)
            for key, address in shown.items()
        }
        return WrittenLogin(addresses={**dict.fromkeys(wanted), **written}, passwords={variable: password})
    if not user:
        return WrittenLogin(addresses={**dict.fromkeys(wanted), **shown}, passwords={})
    return _kept_login(shown, user, old, before, dict.fromkeys(wanted))


def _refuse_variables(addresses: Iterable[str], old: Collection[WrittenAddress]) -> None:
    """A variable stays only where it was, in an address that leads to a host of before.

    Raises:
        InvalidValueError: another one is named, or one would be told to another host.
    """
    hosts = {one.host for one in old}
    names = {name for one in old for name in one.variables}
    for address in addresses:
        fresh = set(_VARIABLE.findall(address)) - names
        moved = WrittenAddress.parsed(address).host not in hosts
        if fresh or ("${" in address and moved):
            raise InvalidValueError(_NO_VARIABLE)


def _one_password(addresses: Iterable[str], user: str, password: str | None) -> str | None:
    """The password that was typed in, by itself or as a parameter of an address; None keeps the one there is.

    Raises:
        InvalidValueError: there are several, and one is kept for a camera; or it would be told to nobody.
    """
    parameters = {unquote(value) for address in addresses for _name, value in _SECRET.findall(address)}
    new = {value for value in parameters if "${" not in value}
    typed = new | ({password} if password else set())
    if len(typed) > 1 or (new and user) or (typed and not user and len(parameters) > 1):
        raise InvalidValueError(_MORE_THAN_ONE)
    if typed and not user and not parameters:
        raise InvalidValueError("user: a password is told together with a user: type that in as well")
    return next(iter(typed), None)


def _kept_login(
    shown: Mapping[str, str],
    user: str,
    old: Mapping[str, WrittenAddress],
    before: Mapping[str, str],
    nothing: Mapping[str, None],
) -> WrittenLogin:
    """The addresses with the password they had."""
    with_login = next((key for key, one in old.items() if one.user), None)
    if with_login is None:
        raise InvalidValueError("the user has no password yet: type it in")
    if not {WrittenAddress.parsed(one).host for one in shown.values()} <= {one.host for one in old.values()}:
        raise InvalidValueError(
            "the address leads to another host: type the password in again, so that it is not sent to others"
        )
    login = urlsplit(before[with_login]).netloc.rpartition("@")[0]
    secret = login.partition(":")[2]
    written = {
        key: _with_netloc(address, f"{quote(user, safe='')}:{secret}") for key, address in shown.items()
    }
    return WrittenLogin(addresses={**nothing, **written}, passwords={})


def _typed(key: str, address: str) -> Address:
    try:
        return Address.parsed(address)
    except ValueError:
        raise InvalidValueError(f"{key}: expected an address such as rtsp://192.168.0.20:554/main") from None


def _with_login(address: str, user: str, variable: str) -> str:
    return _with_netloc(address, f"{quote(user, safe='')}:${{{variable}}}")


def _with_netloc(address: str, login: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}"))


def _variable(camera: str, before: Mapping[str, str], text: str) -> str:
    """A name for the password's variable: its own where no other camera has it, else one that nobody uses."""
    own = "\n".join(before.values())
    names: list[str] = _VARIABLE.findall(own)
    free = [
        name
        for name in names
        if not os.environ.get(name) and text.count(f"${{{name}}}") <= own.count(f"${{{name}}}")
    ]
    if free:
        return free[0]
    # A name that no variable can have is named by its checksum.
    named = re.sub(r"\W", "_", camera.upper()) if camera.isascii() else f"{zlib.crc32(camera.encode()):08X}"
    base = f"{named}_PASSWORD" if named[:1].isalpha() else f"CAMERA_{named}_PASSWORD"
    number, name = 1, base
    while os.environ.get(name) is not None or f"${{{name}}}" in text:
        number += 1
        name = f"{base}_{number}"
    return name
