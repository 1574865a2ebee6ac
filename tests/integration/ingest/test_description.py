"""The OpenAPI description is true: whatever it allows is answered as it says, and nothing makes the service fail."""

from collections.abc import Callable
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from shared.settings import Settings
from tests.processes import RunningService


def test_whatever_the_description_allows_is_answered_as_it_says(
    settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> None:
    patient = settings.model_copy(update={"http": settings.http.model_copy(update={"failed_keys": 1_000_000})})
    service = run_service("ingest", patient)
    described = schemathesis.openapi.from_dict(httpx.get(f"{service.url}/openapi.json").json())

    for operation in described.get_all_operations():
        api = operation.ok()
        if not api.path.startswith("/v1/"):
            continue

        @hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(api.as_strategy())
        def holds(case: Any) -> None:
            answer = case.call(base_url=service.url, headers={"Authorization": "Bearer test-secret-key"})
            case.validate_response(answer)

        holds()
