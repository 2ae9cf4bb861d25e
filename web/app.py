"""The web application: every router by one line."""

from __future__ import annotations

import importlib.metadata

from fastapi import FastAPI

from web import health_api
from web.problems import add_problem_handlers
from web.services import WebServices


def create_app(services: WebServices) -> FastAPI:
    """The dashboard and its API.

    Args:
        services: what the routes work with.
    """
    app = FastAPI(
        title="Gotcha",
        version=importlib.metadata.version("gotcha-parking"),
        summary="Watches fixed cameras and reports illegally parked vehicles.",
    )
    app.state.services = services
    add_problem_handlers(app)
    app.include_router(health_api.router)
    return app
