"""Access tokens: short-lived JWTs that say which session a request belongs to."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from pipeline.errors import InvalidValueError

LASTS = timedelta(minutes=15)
MIN_KEY_BYTES = 32
_ALGORITHM, _ISSUER = "HS256", "gotcha"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says: whose session it is of, and when it was issued (aware UTC)."""

    session: str
    user_id: str
    issued_at: datetime


class AccessTokens:
    """Signs tokens and reads them back. Roles are not in them: they are looked up at each request.

    Args:
        key: at least 32 random bytes; whoever has it can log in as anybody.
    """

    def __init__(self, key: bytes) -> None:
        """Keep the key.

        Raises:
            InvalidValueError: the key is too short for HMAC-SHA256 (RFC 7518 3.2).
        """
        if len(key) < MIN_KEY_BYTES:
            raise InvalidValueError(
                f"expected a signing key of at least {MIN_KEY_BYTES} bytes, got {len(key)}"
            )
        self._key = key

    def issue(self, *, session: str, user_id: str, at: datetime) -> str:
        """A token for the next 15 minutes."""
        # To the microsecond, as RFC 7519 allows: a password that is changed in
        # the same second ends this token too.
        times = {"iat": at.timestamp(), "exp": at + LASTS}
        claims = {"iss": _ISSUER, "sub": user_id, "sid": session, **times}
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def read(self, token: str, *, at: datetime) -> Claims | None:
        """What a token says; None when it is not ours, altered or over."""
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                # By our clock, which tests set, not the library's.
                options={"require": ["sub", "sid", "iat", "exp"], "verify_exp": False, "verify_iat": False},
            )
            issued_at = datetime.fromtimestamp(claims["iat"], UTC)
            over_at = datetime.fromtimestamp(claims["exp"], UTC)
            session, user_id = str(claims["sid"]), str(claims["sub"])
        except (jwt.InvalidTokenError, TypeError, ValueError, OverflowError):
            return None
        if over_at <= at:
            return None
        return Claims(session=session, user_id=user_id, issued_at=issued_at)

    def csrf_token(self, session: str) -> str:
        """What forms of this session carry; another site cannot read or guess it."""
        return hmac.new(self._key, f"csrf:{session}".encode(), hashlib.sha256).hexdigest()

    def is_csrf_token(self, token: str, session: str) -> bool:
        """Whether a form belongs to the session."""
        return hmac.compare_digest(token.encode(), self.csrf_token(session).encode())
