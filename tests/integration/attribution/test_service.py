"""The service as a process: events in by Kafka, credits in the warehouse, one deal explained over HTTP."""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx

from shared.settings import Settings
from tests.conftest import SECRET_KEY, WRITE_KEY
from tests.integration.attribution.company import ADS, MAIL, deal, person, touch
from tests.integration.attribution.sending import send
from tests.processes import RunningService


async def explained(service: RunningService, deal_id: str, when: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What the service says of a deal, once it says what is waited for."""
    deadline = time.monotonic() + 60
    while True:
        answer = httpx.get(
            f"{service.url}/v1/deals/{deal_id}/explain", headers={"Authorization": f"Bearer {SECRET_KEY}"}
        )
        if answer.status_code == 200 and when(answer.json()):
            return dict(answer.json())
        assert time.monotonic() < deadline, f"{answer.status_code} {answer.text[:2000]}\n{service.logs[-2000:]}"
        await asyncio.sleep(0.1)


async def test_a_deal_is_credited_and_explained(
    settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> None:
    service = run_service("attribution", settings)
    events = touch("1", 1, ADS), touch("2", 2, MAIL), touch("3", 2.001, None), person(), deal("won", "100", 5)
    await send(settings, events)
    story = await explained(service, "d1", lambda it: not it["pending"] and len(it["journey"]) == 3)
    assert story["deal"]["account_id"] == "acme"
    assert [(entry["kind"], entry["amount_base"]) for entry in story["entries"]] == [("booked", "100.00")]
    assert [(t["channel"], t["opens_session"]) for t in story["journey"]] == [
        ("Paid Search", True),
        ("Email", True),
        ("Direct", False),
    ]
    linear = {c["channel"]: c["weight"] for c in story["credits"] if c["model"] == "linear"}
    assert linear == {"Paid Search": 0.5, "Email": 0.5}
    for model in story["models"]:
        assert sum(Decimal(c["amount_base"]) for c in story["credits"] if c["model"] == model) == 100


async def test_other_models_credit_every_deal_anew_at_the_next_start(
    settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> None:
    first = settings.model_copy(update={"attribution": {"models": ["first"]}})
    service = run_service("attribution", first)
    await send(settings, [touch("1", 1), person(), deal("won", "100", 5)])
    await explained(service, "d1", lambda it: not it["pending"] and len(it["journey"]) == 1)
    assert service.terminate() == 0
    again = run_service("attribution", settings.model_copy(update={"attribution": {"models": ["last", "linear"]}}))
    story = await explained(again, "d1", lambda it: {c["model"] for c in it["credits"]} == {"last", "linear"})
    assert story["models"] == ["last", "linear"]


async def test_only_a_secret_key_opens_a_deal(
    settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> None:
    service = run_service("attribution", settings)
    url = f"{service.url}/v1/deals/d1/explain"
    answers = {
        key: httpx.get(url, headers={"Authorization": f"Bearer {key}"}).status_code
        for key in (SECRET_KEY, WRITE_KEY, "guess")
    }
    assert answers == {SECRET_KEY: 404, WRITE_KEY: 403, "guess": 401}
    assert httpx.get(url).status_code == 401


async def test_a_run_is_made_when_asked_for_with_a_secret_key(
    settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> None:
    service = run_service("attribution", settings.model_copy(update={"attribution": {"models": "all"}}))
    url = f"{service.url}/v1/runs"
    secret = {"Authorization": f"Bearer {SECRET_KEY}"}
    assert httpx.post(url).status_code == 401
    assert httpx.post(url, headers={"Authorization": f"Bearer {WRITE_KEY}"}).status_code == 403
    assert httpx.post(url, headers=secret).status_code == 409  # nothing is won yet
    await send(settings, [touch("1", 1), touch("2", 2, MAIL), person(), deal("won", "100", 5)])
    await explained(service, "d1", lambda it: {c["model"] for c in it["credits"]} >= {"linear", "markov", "shapley"})
    run = httpx.post(url, headers=secret).raise_for_status().json()
    assert run["deals"] == 1
    assert [(r["channel"], r["share"], r["value_base"]) for r in run["results"] if r["model"] == "shapley"] == [
        ("Email", 0.5, 50),
        ("Paid Search", 0.5, 50),
    ]
    assert httpx.post(url, headers=secret).json()["run_id"] == run["run_id"]


async def test_without_a_fitted_model_there_is_no_run_to_ask_for(
    settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> None:
    service = run_service("attribution", settings)
    answer = httpx.post(f"{service.url}/v1/runs", headers={"Authorization": f"Bearer {SECRET_KEY}"})
    assert (answer.status_code, "attribution.models" in answer.text) == (409, True)
