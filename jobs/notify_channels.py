"""The ways of a notification out of the house: a signed POST, an e-mail."""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Protocol

import httpx

from pipeline.errors import NotificationError

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
            answer = httpx.post(self.url, content=data, headers=headers, timeout=_WAIT_S)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotificationError(f"the webhook cannot be reached ({type(error).__name__})") from error
        if not answer.is_success:
            raise NotificationError(f"the webhook answered {answer.status_code}, not 2xx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Writes e-mails over SMTP.

    Attributes:
        host, port: the server's.
        security: starttls, tls, or none.
        user, password: of the login; without a user there is none.
        sender: address it comes from.
        recipients: addresses it goes to.
    """

    host: str
    port: int
    security: str
    user: str | None
    password: str = field(repr=False)
    sender: str
    recipients: tuple[str, ...]

    def send(self, message_id: str, body: Mapping[str, str], at: datetime) -> None:
        """Hand it to the server; a server that is not who its certificate says is not given anything."""
        message = EmailMessage()
        message["From"], message["To"] = self.sender, ", ".join(self.recipients)
        message["Subject"] = f"Gotcha: {body['text']}".replace("\n", " ")[:200]
        message["Date"] = at
        message["Message-ID"] = f"<{message_id}@{self.sender.rpartition('@')[2]}>"
        facts = (f"{key}: {value}" for key, value in body.items() if key != "text")
        message.set_content("\n".join([body["text"], "", *facts]))
        try:
            with self._connected() as server:
                if self.user is not None:
                    server.login(self.user, self.password)
                server.send_message(message)
        except smtplib.SMTPAuthenticationError as error:
            raise NotificationError("the mail server refuses the login: see GOTCHA_SMTP_PASSWORD") from error
        except ssl.SSLError as error:
            raise NotificationError(f"no safe connection to the mail server: {error.reason}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotificationError(f"the mail server did not take it ({type(error).__name__})") from error

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
