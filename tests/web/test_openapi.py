"""Whatever a client sends, it gets an answer: no 5xx from what the OpenAPI document allows, or forbids."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.errors import SchemathesisError
from schemathesis.core.result import Ok

from storage.account_values import Role
from tests.web.conftest import Site
from tests.web.kept_reports import kept
from web.security import Caller, current_caller

EXAMPLES = 4
# Say every status they answer with.
LISTED = ("/videos", "/photos", "/analyses", "/devices")
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_request_meets_an_error_of_ours(site: Site, mode: GenerationMode) -> None:
    kept(site.services, "a")
    admin = Caller(name="admin", role=Role.ADMIN)
    site.app.dependency_overrides[current_caller] = lambda: admin
    schema = schemathesis.openapi.from_asgi("/openapi.json", site.app)
    paths = site.app.openapi()["paths"]
    asked: set[str] = set()
    failed: list[str] = []
    skipped: dict[str, str] = {}
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @QUIET
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: schemathesis.Case) -> None:  # type: ignore[type-arg]
            answer = case.call()
            asked.add(case.operation.label)
            # 503 says that something outside is away, and what.
            if answer.status_code >= 500 and answer.status_code != 503:
                failed.append(f"{answer.status_code} {case.as_curl_command()}")
            listed = paths[case.path][case.method.lower()]["responses"]
            # A method that a path does not know is none of its operations.
            if case.path.startswith(LISTED) and str(answer.status_code) not in {*listed, "405"}:
                failed.append(f"not listed: {answer.status_code} {case.as_curl_command()}")

        try:
            send()
        except (SchemathesisError, Unsatisfiable) as error:
            # A body that is read as it comes has no schema; an operation that takes anything, nothing wrong.
            skipped[operation.label] = str(error).partition("\n")[0]
    assert len(asked) > 20
    assert failed == []
    assert mode is GenerationMode.NEGATIVE or len(skipped) <= 8, skipped
