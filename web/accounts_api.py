"""Who may use the dashboard, and the keys of integrations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import InvalidValueError, StorageError, StorageUnavailableError
from storage.account_values import Login, Role, User, account_name
from web.passwords import MAX_LENGTH, hash_password
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(prefix="/api", tags=["accounts"])

Admin = Annotated[Caller, Depends(require(Right.ADMIN))]
Services = Annotated[WebServices, Depends(services_of)]
_Made = TypeVar("_Made")
Password = Annotated[str, Field(max_length=MAX_LENGTH)]


class RightsBody(BaseModel):
    """What somebody may do, and the cameras they may see; null is all."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    cameras: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=10_000)] | None = None


class AccountBody(RightsBody):
    """Somebody, or a program, that is to be let in."""

    name: Annotated[str, Field(max_length=64)]


class UserBody(AccountBody):
    """A user to be made."""

    password: Password


class PasswordBody(BaseModel):
    """Another password."""

    model_config = ConfigDict(extra="forbid")

    password: Password


class UserAnswer(BaseModel):
    """Somebody who may log in; `cameras` null is all."""

    name: str
    role: Role
    cameras: list[str] | None
    created_at: datetime


class KeyAnswer(UserAnswer):
    """An integration's key, without the key itself; `revoked_at` is null while it is good."""

    revoked_at: datetime | None


class MadeKey(BaseModel):
    """A new key, which is shown this once."""

    name: str
    key: str


@router.get("/users")
def users(services: Services, _caller: Admin) -> list[UserAnswer]:
    """Everybody who may log in."""
    return [_user(user) for user in services.users.all()]


@router.post("/users", status_code=201)
def add_user(body: UserBody, services: Services, _caller: Admin) -> UserAnswer:
    """Let somebody log in."""
    login = _login(services, body.name, body)
    made = _allowed(lambda: services.users.add(login, hash_password(body.password), at=services.now()))
    return _user(made)


@router.put("/users/{name}", status_code=204)
def change_user(name: str, body: RightsBody, services: Services, _caller: Admin) -> Response:
    """Give a user another role or other cameras; they log in anew. The last admin stays one."""
    # A camera that was removed stays theirs: its reports are still there.
    held = _known(services, name).login.cameras or frozenset()
    login = _login(services, name, body, held)
    _allowed(lambda: services.users.change(login, at=services.now()))
    return Response(status_code=204)


@router.put("/users/{name}/password", status_code=204)
def set_password(name: str, body: PasswordBody, services: Services, _caller: Admin) -> Response:
    """Give a user another password; whoever is logged in with the old one is logged out."""
    _known(services, name)
    hashed = hash_password(body.password)
    _allowed(lambda: services.users.set_password(name, hashed, at=services.now()))
    return Response(status_code=204)


@router.delete("/users/{name}", status_code=204)
def remove_user(name: str, services: Services, _caller: Admin) -> Response:
    """Let somebody in no more, at once. The last admin stays."""
    _known(services, name)
    _allowed(lambda: services.users.remove(name))
    return Response(status_code=204)


@router.get("/keys")
def keys(services: Services, _caller: Admin) -> list[KeyAnswer]:
    """The keys of integrations, revoked ones too; the access log names them."""
    return [
        KeyAnswer(
            name=one.login.name,
            role=one.login.role,
            cameras=_cameras(one.login),
            created_at=one.created_at,
            revoked_at=one.revoked_at,
        )
        for one in services.api_keys.all()
    ]


@router.post("/keys", status_code=201)
def add_key(body: AccountBody, services: Services, _caller: Admin) -> MadeKey:
    """Make a key; it is in the answer, and nowhere else."""
    login = _login(services, body.name, body)
    key = _allowed(lambda: services.api_keys.add(login, at=services.now()))
    return MadeKey(name=account_name(body.name), key=key)


@router.delete("/keys/{name}", status_code=204)
def revoke_key(name: str, services: Services, _caller: Admin) -> Response:
    """End a key at once."""
    if not services.api_keys.revoke(name, at=services.now()):
        raise HTTPException(404, f"there is no good key named {name!r}")
    return Response(status_code=204)


def _login(services: WebServices, name: str, rights: RightsBody, held: frozenset[str] = frozenset()) -> Login:
    """A login with these rights.

    Raises:
        InvalidValueError: a camera is none of the configuration's, nor of those `held` before.
    """
    unknown = sorted(set(rights.cameras or ()) - set(services.settings.cameras) - held)
    if unknown:
        raise InvalidValueError(f"no camera is named {', '.join(unknown)}")
    cameras = None if rights.cameras is None else frozenset(rights.cameras)
    return Login(name=name, role=rights.role, cameras=cameras)


def _user(user: User) -> UserAnswer:
    login = user.login
    return UserAnswer(name=login.name, role=login.role, cameras=_cameras(login), created_at=user.created_at)


def _cameras(login: Login) -> list[str] | None:
    return None if login.cameras is None else sorted(login.cameras)


def _known(services: WebServices, name: str) -> User:
    found = services.users.find(name)
    if found is None:
        raise HTTPException(404, f"there is no user {name!r}")
    return found


def _allowed(change: Callable[[], _Made]) -> _Made:
    """What `change` gives.

    Raises:
        HTTPException: 409, the accounts as they are do not allow it: the name is taken, the last admin.
        StorageUnavailableError: nothing can be changed now.
    """
    try:
        return change()
    except StorageUnavailableError:
        raise
    except StorageError as error:
        raise HTTPException(409, str(error)) from None
