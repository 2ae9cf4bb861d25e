"""Who asks, and what they may do: the dependency that every route names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from fastapi import Depends, HTTPException

from storage.account_values import Login, Role
from web.authentication import authenticated


class Right(StrEnum):
    """What a route asks for; each includes the ones before it."""

    VIEW = "view"
    OPERATE = "operate"
    ADMIN = "admin"


RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({Right.VIEW}),
        Role.OPERATOR: frozenset({Right.VIEW, Right.OPERATE}),
        Role.ADMIN: frozenset(Right),
    }
)


# What each dependency asks for, so that a test can go over all routes.
_asked_for: dict[object, Right] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks.

    Attributes:
        name: a user's name, or that of an integration's key; goes into the access log and the history.
        role: what they may do.
        cameras: names of the cameras they may see; None is all.
    """

    name: str
    role: Role
    cameras: frozenset[str] | None = None

    def may(self, right: Right) -> bool:
        """Whether the role includes `right`."""
        return right in RIGHTS[self.role]

    def may_see(self, camera: str) -> bool:
        """Whether reports, pictures and settings of `camera` may be shown to them."""
        return self.cameras is None or camera in self.cameras


async def current_caller(found: Annotated[Login | None, Depends(authenticated)]) -> Caller | None:
    """Who asks, or None; tests of other routes put a caller of their own in its place.

    Raises:
        HTTPException: in `authenticated`: 401 for a login that is wrong or over, 403 for another site's form.
    """
    return None if found is None else Caller(name=found.name, role=found.role, cameras=found.cameras)


def require(right: Right) -> Callable[..., Awaitable[Caller]]:
    """A dependency that gives the caller, who has `right`.

    Raises:
        HTTPException: in the dependency: 401 without a login, 403 without the right.
    """

    # Nothing here waits: as a plain function it would be sent to a thread for each request.
    async def dependency(caller: Annotated[Caller | None, Depends(current_caller)]) -> Caller:
        if caller is None:
            raise HTTPException(401, "log in first", headers={"WWW-Authenticate": "Bearer"})
        if not caller.may(right):
            raise HTTPException(403, f"the role {caller.role.value} does not include this: {right.value}")
        return caller

    _asked_for[dependency] = right
    return dependency


def right_of(dependency: object) -> Right | None:
    """The right that a dependency of `require` asks for; None for any other dependency."""
    return _asked_for.get(dependency)
