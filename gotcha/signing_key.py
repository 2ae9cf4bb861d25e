"""The key that signs logins: made at the first start, kept beside the database, for this user only."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from gotcha.config import Config
from pipeline.errors import StorageError
from web.tokens import MIN_KEY_BYTES

_BYTES = 64


def signing_key(config: Config) -> bytes:
    """The key of `web.signing_key`, else the one in the state folder, made now if there is none.

    Raises:
        StorageError: it can be neither read nor written, or is no key.
    """
    if config.web.signing_key is not None:
        return config.web.signing_key.reveal().encode()
    path = config.state_dir / "web.key"
    try:
        with suppress(FileNotFoundError):
            return _checked(path)
        _make(path)
        return _checked(path)
    except OSError as error:
        raise StorageError(f"the signing key {path} cannot be used: {error.strerror or error}") from error


def _checked(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) < MIN_KEY_BYTES:
        raise StorageError(f"{path} is no signing key: remove it, and a new one is made; all are logged out")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: of two programs that start together both go on with the first one's key.
        with suppress(FileExistsError):
            os.link(written, path)
    finally:
        written.unlink()
