"""Every endpoint, for every role and for nobody: tests/golden/who_may_do_what.csv is the table.

`anyone` needs no login; `own token` is let in by a secret of another kind, never by a login alone.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from storage.account_values import Role
from tests.web.conftest import Site
from web.security import RIGHTS, Right, right_of

TABLE = Path(__file__).parents[1] / "golden" / "who_may_do_what.csv"
with TABLE.open(encoding="utf-8", newline="") as file:
    ROWS = [(row["method"], row["path"], row["who"]) for row in csv.DictReader(file)]
RIGHTS_NAMED = {right.value for right in Right}


def routes(found: list[BaseRoute]) -> Iterator[APIRoute]:
    for route in found:
        if isinstance(route, APIRoute):
            yield route
        elif (router := getattr(route, "original_router", None)) is not None:
            yield from routes(router.routes)


def asked_for(dependant: Dependant) -> set[Right]:
    found = {right_of(one.call) for one in dependant.dependencies} - {None}
    for one in dependant.dependencies:
        found |= asked_for(one)
    return {right for right in found if right is not None}


def endpoints(app: FastAPI) -> dict[tuple[str, str], set[Right]]:
    return {
        (method, route.path): asked_for(route.dependant)
        for route in routes(app.routes)
        for method in route.methods or ()
    }


def test_the_table_names_every_endpoint_and_nothing_else(site: Site) -> None:
    known = {(method, path) for method, path, _who in ROWS}
    there = set(endpoints(site.app))
    assert there - known == set(), f"say in {TABLE.name} who may call these"
    assert known - there == set(), f"{TABLE.name} names endpoints that are gone"
    assert len(ROWS) == len(known)


def test_every_endpoint_asks_for_the_right_of_the_table(site: Site) -> None:
    there = endpoints(site.app)
    wrong = {}
    for method, path, who in ROWS:
        rights = {right.value for right in there.get((method, path), set())}
        expected = {who} if who in RIGHTS_NAMED else set()
        if rights != expected:
            wrong[method, path] = rights
    assert wrong == {}


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role.value if role else "nobody")
def test_each_role_may_do_what_the_table_says_and_no_more(site: Site, role: Role | None) -> None:
    client = site.client(role)
    client.follow_redirects = False
    client.headers.update({"sec-fetch-site": "same-origin", "origin": "http://testserver"})
    wrong = []
    for method, path, who in ROWS:
        address = re.sub(r"\{[^}]*\}", "0" * 32, path)
        status = client.request(method, address).status_code
        if who in RIGHTS_NAMED:
            may = role is not None and Right(who) in RIGHTS[role]
            right = status not in (401, 403) if may else status == (401 if role is None else 403)
        elif who == "own token":
            right = 400 <= status < 500
        else:
            # A wrong or missing password is still a 401.
            right = status != 403
        if not right or status >= 500:
            wrong.append((method, path, who, status))
    assert wrong == []
