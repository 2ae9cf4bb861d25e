"""The ways of a notification out of the house: a signed POST, an e-mail."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Protocol

import httpx

from pipeline.errors import NotificationError

_log = logging.getLogger(__name__)

_WAIT_S = 10.0


class Sender(Protocol):
    """Sends one message."""

    def send(self, message_id: str, body: Mapping[str, str], at: datetime) -> None:
        """Returns once the other side has taken it.

        Args:
            message_id: the same each time the same message is tried.
            body: what it says, by key; `event` and `text` are always there.
            at: now, aware UTC.

        Raises:
            NotificationError: it was not taken; says why in one sentence, without any password.
        """
        ...


def signature(key: str, timestamp: str, data: bytes) -> str:
    """What `X-Gotcha-Signature` says: HMAC-SHA256 (RFC 2104) of `TIMESTAMP.BODY`, 64 hex digits."""
    return hmac.new(key.encode(), timestamp.encode() + b"." + data, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Posts JSON.

    Attributes:
        url: where to.
        key: signs each message, so that the receiver knows whose it is; the time in it stops old ones.
    """

    url: str
    key: str = field(repr=False)

    def send(self, message_id: str, body: Mapping[str, str], at: datetime) -> None:
        """Post it; anything but 2xx is a failure, and a redirect is not followed."""
        data = json.dumps({"id": message_id, **body}, ensure_ascii=False).encode()
        timestamp = str(int(at.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "X-Gotcha-Id": message_id,
            "X-Gotcha-Timestamp": timestamp,
            "X-Gotcha-Signature": f"sha256={signature(self.key, timestamp, data)}",
        }
        try:
            # What it answers besides is not read: it might have no end.
            with httpx.stream("POST", self.url, content=data, headers=headers, timeout=_WAIT_S) as answer:
                taken, status = answer.is_success, answer.status_code
        # ValueError: a host's name that no name server can be asked for (too long, an empty part).
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise NotificationError(f"the webhook cannot be reached ({type(error).__name__})") from error
        if not taken:
            raise NotificationError(f"the webhook answered {status}, not 2xx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What an e-mail says; line ends in the subject do no harm."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Writes e-mails over SMTP.

    Attributes:
        host, port: the server's.
        security: starttls, tls, or none.
        user, password: of the login; without a user there is none.
        sender: address it comes from.
        recipients: addresses it goes to.
        letter: puts an event's body into words.
    """

    host: str
    port: int
    security: str
    user: str | None
    password: str = field(repr=False)
    sender: str
    recipients: tuple[str, ...]
    letter: Callable[[Mapping[str, str]], Letter]

    def send(self, message_id: str, body: Mapping[str, str], at: datetime) -> None:
        """Hand it to the server; a server that is not who its certificate says is not given anything."""
        letter = self.letter(body)
        message = EmailMessage()
        message["From"], message["To"] = self.sender, ", ".join(self.recipients)
        # On one line: whatever a camera says in its text, it must not end the header.
        message["Subject"] = " ".join(letter.subject.split())[:200]
        message["Date"] = at
        message["Message-ID"] = f"<{message_id}@{self.sender.rpartition('@')[2]}>"
        message.set_content(letter.text)
        try:
            with self._connected() as server:
                if self.user is not None:
                    self._log_in(server, self.user)
                refused = server.send_message(message)
        except smtplib.SMTPAuthenticationError as error:
            raise NotificationError("the mail server refuses the login: see GOTCHA_SMTP_PASSWORD") from error
        except ssl.SSLError as error:
            raise NotificationError(f"no safe connection to the mail server: {error.reason}") from error
        # ValueError: a host's name that no name server can be asked for.
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotificationError(f"the mail server did not take it ({type(error).__name__})") from error
        if refused:
            # Not tried again: the others have it.
            _log.warning("the mail server refuses %d of %d addresses", len(refused), len(self.recipients))

    def _log_in(self, server: smtplib.SMTP, user: str) -> None:
        try:
            server.login(user, self.password)
        except UnicodeEncodeError:
            # `from None`: the error holds the password.
            raise NotificationError(
                "the mail server's user and password have to be of ASCII characters: see GOTCHA_SMTP_PASSWORD"
            ) from None

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(
                self.host, self.port, timeout=_WAIT_S, context=ssl.create_default_context()
            )
        server = smtplib.SMTP(self.host, self.port, timeout=_WAIT_S)
        if self.security == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server
