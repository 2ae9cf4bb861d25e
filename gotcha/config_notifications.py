"""The part of config.yaml that is about telling people of what happens."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from gotcha.config_section import Section

Event = Literal["report", "camera", "dead_letters"]


class NotificationsConfig(Section):
    """Who is told when a report becomes final, a camera needs a person, a report cannot be stored."""

    events: tuple[Event, ...] = Field(
        ("report", "camera", "dead_letters"), description="what is told of: report, camera, dead_letters"
    )
    include_plates: bool = Field(
        False, description="whether plates are told; they leave this machine unmasked then"
    )
    webhook_url: str | None = Field(
        None,
        pattern=r"^https?://[^@\s]+$",
        description="address that each notification is posted to as signed JSON",
    )
    email_to: tuple[str, ...] = Field((), description="addresses that are written to")
    language: Literal["en", "ko"] = Field("en", description="what e-mails are written in: en or ko")
    email_from: str = Field(
        "gotcha@localhost", pattern=r"^[^@\s<>]+@[^@\s<>]+$", description="the sender's address"
    )
    email_host: str | None = Field(None, min_length=1, description="the mail server")
    email_port: int = Field(587, ge=1, le=65535, description="its port: 587 with starttls, 465 with tls")
    email_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="how the connection is encrypted; none only within one machine"
    )
    email_user: str | None = Field(
        None, min_length=1, description="login; its password is read from GOTCHA_SMTP_PASSWORD"
    )

    @model_validator(mode="after")
    def _whole(self) -> NotificationsConfig:
        if self.email_to and self.email_host is None:
            raise ValueError("expected `email_host`, the mail server, as `email_to` names addresses")
        for address in self.email_to:
            if "@" not in address or any(sign in address for sign in " <>\r\n,;"):
                raise ValueError(f"expected an address such as a@b.example in `email_to`, got {address!r}")
        if self.email_security == "none" and self.email_user is not None:
            raise ValueError("expected email_security starttls or tls with `email_user`: it has a password")
        return self

    @property
    def on(self) -> bool:
        """Whether anybody is told."""
        return bool(self.events) and (self.webhook_url is not None or bool(self.email_to))
