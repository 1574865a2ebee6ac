"""The OpenAPI descriptions are true: whatever is sent to any route of any service is answered as it says, never by 5xx.

`EXAMPLES=500 .venv/bin/pytest tests/integration/test_descriptions.py` looks longer.
"""

import os
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from shared.settings import Settings
from tests.processes import RunningService

EXAMPLES = int(os.environ.get("EXAMPLES", "6"))
"""Per route and way of making requests."""
NOT_OURS = [negative_data_rejection, positive_data_acceptance]
"""Both would have the status tell good data from bad: here a bad item is rejected within a 2xx, and some that fit their
schema are refused for what they say, such as a rejection without a reason."""
SECRET = {"Authorization": "Bearer test-secret-key"}


@pytest.mark.parametrize("name", ["ingest", "lifecycle", "attribution"])
def test_whatever_is_sent_to_any_route_is_answered_as_described(
    name: str, settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> None:
    patient = settings.model_copy(update={"http": settings.http.model_copy(update={"failed_keys": 1_000_000})})
    service = run_service(name, patient)
    described = schemathesis.openapi.from_dict(httpx.get(f"{service.url}/openapi.json").json())
    tried = 0
    for operation in described.get_all_operations():
        assert isinstance(operation, Ok)
        api = operation.ok()
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
            _holds(api, mode, service.url)
        tried += 1
    assert tried >= 4


def _holds(api: Any, mode: GenerationMode, url: str) -> None:
    try:
        cases = api.as_strategy(generation_mode=mode)
    except schemathesis.errors.SchemathesisError:
        return

    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.explicit, Phase.generate],
    )
    @given(cases)
    def holds(case: Any) -> None:
        case.call_and_validate(base_url=url, headers=SECRET, excluded_checks=NOT_OURS)

    try:
        holds()
    except Exception as error:
        if type(error).__name__ == "Unsatisfiable":  # nothing could be wrong with a request of this route
            return
        raise


@pytest.mark.parametrize("name", ["ingest", "lifecycle", "attribution"])
def test_every_route_documents_how_it_refuses_and_every_refusal_has_one_shape(
    name: str, settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> None:
    service = run_service(name, settings)
    described = httpx.get(f"{service.url}/openapi.json").json()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/v1/"):
                assert {"401", "503"} <= operation["responses"].keys(), path
            answer = httpx.request("PATCH" if method != "patch" else "PUT", service.url + path.replace("{", "x"))
            assert answer.json().keys() == {"error", "detail"}, path
            assert answer.status_code in (404, 405)
