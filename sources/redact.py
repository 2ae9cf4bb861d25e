"""Passwords out of every text that leaves this folder, and out of every address given to a library."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit, urlunsplit

# The second alternative covers passwords with "/" in them; it may hide a host, never shows a password.
_USERINFO = re.compile(r"([a-z][a-z0-9+.-]*://)(?:[^\s/@]*:[^\s'\"]*@|[^\s/@]*@)", re.IGNORECASE)
_QUERY = re.compile(
    r"([?&;](?:[a-z_-]*(?:pass(?:word|wd)?|pwd|token|secret|auth)|pw|loginpas|api_?key|key|usr|user(?:name)?)=)[^&;\s'\"]*",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """`text` with the user names and passwords of all addresses in it replaced by `***`."""
    return _QUERY.sub(r"\1***", _USERINFO.sub(r"\1***@", text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address taken apart, so that its password travels by itself and never through a log.

    Attributes:
        url: without user name and password.
        username: decoded, empty when there is none.
        password: decoded, never in the repr.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parsed(cls, url: str, username: str = "", password: str = "") -> Address:
        """`url` with its own credentials taken out; explicit `username` and `password` win over them."""
        parts = urlsplit(url)
        userinfo, _, host = parts.netloc.rpartition("@")
        own_name, _, own_password = userinfo.partition(":")
        return cls(
            url=urlunsplit(parts._replace(netloc=host)),
            username=username or unquote(own_name),
            password=password or unquote(own_password),
        )

    def with_credentials(self) -> str:
        """The address for libraries that take the password inside it; never to be logged."""
        if not self.username:
            return self.url
        parts = urlsplit(self.url)
        userinfo = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{userinfo}@{parts.netloc}"))
