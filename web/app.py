"""The web application: every router by one line."""

from __future__ import annotations

import importlib.metadata

from fastapi import FastAPI

from web import (
    accounts_api,
    analyses_api,
    auth_api,
    camera_trials_api,
    cameras_api,
    classic_api,
    detect_api,
    device_frames_api,
    devices_api,
    evidence_api,
    exports_api,
    health_api,
    metrics_api,
    notifications_api,
    photos_api,
    queue_api,
    reports_api,
    retention_api,
    search_api,
    statistics_api,
    video_pieces_api,
    videos_api,
    webhook_api,
    zones_api,
)
from web.headers import SecurityHeaders
from web.pages import (
    cameras,
    choices,
    export,
    find,
    home,
    live,
    login,
    queue,
    report,
    reports,
    settings,
    shell,
    statistics,
    uploads,
    zones,
)
from web.pages.problem import problem_page
from web.problems import add_problem_handlers
from web.services import WebServices
from web.session_cookies import CookieMiddleware
from web.static_files import RevalidatedFiles


def create_app(services: WebServices) -> FastAPI:
    """The dashboard and its API.

    Args:
        services: what the routes work with.
    """
    app = FastAPI(
        title="Gotcha",
        version=importlib.metadata.version("gotcha-parking"),
        summary="Watches fixed cameras and reports illegally parked vehicles.",
        # The pages FastAPI has for these load their scripts from another host.
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    add_problem_handlers(app, problem_page)
    app.add_middleware(CookieMiddleware)
    app.add_middleware(SecurityHeaders, behind_tls=services.settings.behind_tls)
    app.include_router(health_api.router)
    app.include_router(auth_api.router)
    app.include_router(evidence_api.router)
    app.include_router(reports_api.router)
    app.include_router(exports_api.router)
    app.include_router(metrics_api.router)
    app.include_router(queue_api.router)
    app.include_router(analyses_api.router)
    app.include_router(photos_api.router)
    app.include_router(detect_api.router)
    app.include_router(classic_api.router)
    app.include_router(videos_api.router)
    app.include_router(video_pieces_api.router)
    app.include_router(webhook_api.router)
    app.include_router(search_api.router)
    app.include_router(statistics_api.router)
    app.include_router(device_frames_api.router)
    app.include_router(devices_api.router)
    app.include_router(zones_api.router)
    app.include_router(retention_api.router)
    app.include_router(notifications_api.router)
    app.include_router(cameras_api.router)
    app.include_router(camera_trials_api.router)
    app.include_router(accounts_api.router)
    for page in (
        shell,
        choices,
        login,
        home,
        live,
        reports,
        report,
        export,
        find,
        uploads,
        statistics,
        zones,
        settings,
        cameras,
        queue,
    ):
        app.include_router(page.router)
    app.mount("/static", RevalidatedFiles(directory=shell.STATIC), name="static")
    return app
