"""The tables of who may log in. A change here needs a migration in `storage/migrations`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, String
from sqlmodel import Field, SQLModel

from storage.columns import UtcDateTime


class UserRow(SQLModel, table=True):
    """A person who may log in; `cameras` null is all of them.

    `not_before` ends every session that began earlier: the password was changed, the rights were.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'operator', 'admin')", name="ck_users_role"),
        Index("ux_users_name", "name", unique=True),
    )

    id: str = Field(sa_column=Column(String(32), primary_key=True))
    name: str = Field(sa_type=String(64))
    password_hash: str
    role: str = Field(sa_type=String(16))
    cameras: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    created_at: datetime = Field(sa_type=UtcDateTime)
    not_before: datetime = Field(sa_type=UtcDateTime)


class RefreshTokenRow(SQLModel, table=True):
    """One refresh token, by its hash. Each is good for one use; all of a login are one family.

    A token that comes a second time was stolen, or its thief's was used first: its family is revoked.
    """

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("ix_refresh_tokens_family", "family"),
        Index("ix_refresh_tokens_user_id", "user_id"),
        Index("ix_refresh_tokens_expires_at", "expires_at"),
    )

    token_sha256: str = Field(sa_column=Column(String(64), primary_key=True))
    family: str = Field(sa_type=String(32))
    user_id: str = Field(
        sa_column=Column(String(32), ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
    )
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiKeyRow(SQLModel, table=True):
    """An integration's key, by its hash."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'operator', 'admin')", name="ck_api_keys_role"),
        Index("ux_api_keys_name", "name", unique=True),
    )

    key_sha256: str = Field(sa_column=Column(String(64), primary_key=True))
    name: str = Field(sa_type=String(64))
    role: str = Field(sa_type=String(16))
    cameras: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
