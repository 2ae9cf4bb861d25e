"""Whether the program lives, and whether it can be used: for load balancers and service managers."""

from __future__ import annotations

from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from pipeline.errors import GotchaError
from web.services import WebServices, services_of

router = APIRouter(tags=["health"])

_OWN_THREAD = CapacityLimiter(1)


class Liveness(BaseModel):
    """The answer of a program that lives."""

    status: str


class Readiness(BaseModel):
    """What can be used: `ok` or `failed` by name; the log says why."""

    status: str
    checks: dict[str, str]


@router.get("/health/live")
async def live() -> Liveness:
    """Whether the program answers at all; asks nobody else."""
    return Liveness(status="ok")


@router.get("/health/ready", responses={503: {"model": Readiness}})
@router.get("/health", responses={503: {"model": Readiness}})
async def ready(response: Response, services: Annotated[WebServices, Depends(services_of)]) -> Readiness:
    """Whether database, queue and evidence can be used; 503 when one cannot."""
    # In a thread of its own: those of the other routes may all be busy, with uploads for example.
    found = await to_thread.run_sync(_checked, services, limiter=_OWN_THREAD)
    response.status_code = 200 if found.status == "ok" else 503
    return found


def _checked(services: WebServices) -> Readiness:
    checks = {}
    for name, check in services.checks.items():
        try:
            check()
        except GotchaError:
            # Why is not for everybody's eyes; the one who works with it logs it.
            checks[name] = "failed"
        else:
            checks[name] = "ok"
    usable = all(state == "ok" for state in checks.values())
    return Readiness(status="ok" if usable else "failed", checks=checks)
