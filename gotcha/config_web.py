"""The part of config.yaml that is about the dashboard."""

from __future__ import annotations

from pydantic import Field

from gotcha.config_section import Section
from gotcha.signing_secret import SigningSecret


class WebConfig(Section):
    """Where the dashboard and its API are served."""

    enabled: bool = Field(True, description="whether `gotcha run` serves the dashboard")
    host: str = Field(
        "127.0.0.1", min_length=1, description="address to listen on; 0.0.0.0 is every one of this machine"
    )
    port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    behind_tls: bool = Field(
        False, description="whether browsers come over https, through a proxy that knows the certificate"
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^@\s]+[^@\s/]$",
        description="the address people type, such as https://gotcha.example; by default host and port",
    )
    signing_key: SigningSecret | None = Field(
        None,
        description="${NAME} of an environment variable with at least 32 random characters, the same for "
        "all programs that serve one site; by default a file in state_dir",
    )
