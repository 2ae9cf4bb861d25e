"""Passwords: what one must be like, and the hash it is kept by."""

from __future__ import annotations

import threading
import unicodedata
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pipeline.errors import InvalidValueError

MIN_LENGTH, MAX_LENGTH = 10, 256
# RFC 9106 section 4, second recommendation: Argon2id, 3 passes over 64 MiB, 4 lanes.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
# Each takes 64 MiB: many who try at once must not take all memory.
_AT_ONCE = threading.BoundedSemaphore(2)
# What an unknown name is checked against, so that it takes as long as a known one.
_NOBODY = _HASHER.hash("nobody has this password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a password is right, and whether its hash is of older parameters than ours."""

    right: bool
    outdated: bool = False


def hash_password(password: str) -> str:
    """The hash a new password is kept by, a PHC string.

    Raises:
        InvalidValueError: it is too short or too long; the password itself is not in the message.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidValueError(
            f"expected a password of {MIN_LENGTH}-{MAX_LENGTH} characters, got {len(password)}"
        )
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def verify_password(password: str, password_hash: str | None) -> Verdict:
    """Whether `password` is the one of the hash; None, for a name nobody has, takes as long and is wrong."""
    if len(password) > MAX_LENGTH:
        return Verdict(right=False)
    try:
        with _AT_ONCE:
            _HASHER.verify(password_hash or _NOBODY, _normal(password))
    except (VerificationError, InvalidHashError):
        return Verdict(right=False)
    if password_hash is None:
        return Verdict(right=False)
    return Verdict(right=True, outdated=_HASHER.check_needs_rehash(password_hash))


def _normal(password: str) -> str:
    # A Korean password typed on two keyboards is the same letters in two encodings (RFC 8265).
    return unicodedata.normalize("NFC", password)
