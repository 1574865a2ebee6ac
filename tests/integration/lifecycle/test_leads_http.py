"""Acting on leads over HTTP: what is taken, what is refused and why."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from shared.events.ids import Sender
from shared.settings import Settings
from tests.conftest import SECRET_KEY, WRITE_KEY
from tests.integration.lifecycle.test_service import send, topic, until
from tests.lifecycle.builders import action, at, touch
from tests.processes import RunningService

ANN = "ann@acme.test"


@pytest.fixture
async def http(
    settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> AsyncIterator[httpx.AsyncClient]:
    """A lifecycle with one lead that waits for sales."""
    service = run_service("lifecycle", settings.model_copy(update={"lifecycle": {"owners": ["kim", "lee"]}}))
    await send(settings, [touch("1", 0, "meeting", email=ANN)])
    async with httpx.AsyncClient(base_url=service.url, headers={"Authorization": f"Bearer {SECRET_KEY}"}) as http:
        await until(lambda: lead(http, "mql"))
        yield http


async def lead(http: httpx.AsyncClient, stage: str, acts: int = 0) -> Any:
    """The lead once it is in a stage and so many acts are known."""
    found = await http.get(f"/v1/leads/{ANN}")
    if found.status_code != 200 or found.json()["stage"] != stage or len(found.json()["actions"]) < acts:
        return None
    return found.json()


async def act(http: httpx.AsyncClient, **body: Any) -> httpx.Response:
    """Act on Ann."""
    return await http.post(f"/v1/leads/{ANN}/actions", json=body)


async def test_a_second_decision_is_refused_with_the_lead_as_it_stands(http: httpx.AsyncClient) -> None:
    assert (await act(http, action="accepted", owner="kim", actor="Kim Lee", id="7")).status_code == 202
    await until(lambda: lead(http, "sal"))
    for what in ("accepted", "rejected", "disqualified"):
        refused = await act(http, action=what, reason="too late")
        assert refused.status_code == 409
        assert refused.json()["error"] == "conflict"
        assert "sales answered this pass already: accepted at" in refused.json()["detail"]
        assert (refused.json()["lead"]["stage"], refused.json()["lead"]["answers"][0]["decision"]) == (
            "sal",
            "accepted",
        )
    assert (await act(http, action="contacted")).status_code == 202
    assert (await act(http, action="recycled", reason="went silent")).status_code == 202
    found = await until(lambda: lead(http, "lead"))
    assert found["answers"][0]["return_reason"] == "went silent"
    assert [(a["action"], a["actor"], a["source"], a["ignored"]) for a in found["actions"]] == [
        ("accepted", "Kim Lee", "test", None), ("contacted", None, "test", None), ("recycled", None, "test", None),
    ]  # fmt: skip


async def test_the_same_act_again_is_taken_again_and_its_id_is_the_one_ingest_gives(http: httpx.AsyncClient) -> None:
    body = {"action": "rejected", "reason": "no budget", "id": "crm-42"}
    first = await act(http, **body)
    assert first.json()["action_id"] == Sender("test").event_id("crm-42")
    await until(lambda: lead(http, "rml"))
    again = await act(http, **body)
    assert (again.status_code, again.json()) == (202, first.json())
    other = await act(http, action="accepted", id="crm-42")
    assert other.status_code == 409 and "that of another act: rejected" in other.json()["detail"]
    numbers = {(await act(http, action="contacted", id=one)).json()["action_id"] for one in (42, "42", " 42 ")}
    assert numbers == {Sender("test").event_id("42")}


async def test_by_topic_a_second_decision_is_kept_and_shown_as_ignored(
    settings: Settings, http: httpx.AsyncClient
) -> None:
    await send(settings, [action("a", 5, "accepted", ANN), action("b", 6, "rejected", ANN, reason="no", actor="Bo")])
    found = await until(lambda: lead(http, "sal", acts=2))
    ignored = found["actions"][1]
    assert (ignored["action"], ignored["actor"], ignored["reason"]) == ("rejected", "Bo", "no")
    assert ignored["ignored"].startswith("sales answered this pass already: accepted at ")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"action": "accepted", "owner": "mallory"}, "owner"),
    ({"action": "rejected"}, "reason"),
    ({"action": "rejected", "reason": "\x00 \x00"}, "reason"),
    ({"action": "assigned"}, "owner"),
    ({"action": "promoted"}, "action"),
    ({"action": "accepted", "occurred_at": "9999-12-31T23:59:59-14:00"}, "occurred_at"),
    ({"action": "accepted", "occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
    ({"action": "accepted", "occurred_at": "2026-01-01T00:00:00"}, "occurred_at"),
    ({"action": "accepted", "reason": "x" * 2001}, "reason"),
    ({"action": "accepted", "actor": "x" * 513}, "actor"),
    ({"action": "accepted", "unknown": 1}, "unknown"),
]


async def test_a_wrong_field_is_refused_by_name(http: httpx.AsyncClient) -> None:
    for body, field in WRONG:
        refused = await act(http, **body)
        assert refused.status_code == 422 and field in refused.json()["detail"], refused.text


async def test_nobody_and_no_key(http: httpx.AsyncClient, settings: Settings) -> None:
    for name in ("nobody@acme.test", "%F0%9F%90%8D", "x" * 2000, "a%00b", "00000000-0000-0000-0000-000000000000"):
        for answer in (
            await http.get(f"/v1/leads/{name}"),
            await http.post(f"/v1/leads/{name}/actions", json={"action": "accepted"}),
        ):
            assert answer.status_code == 404, (name, answer.text)
    assert (await http.get(f"/v1/leads/{ANN}", headers={"Authorization": f"Bearer {WRITE_KEY}"})).status_code == 403
    assert (await http.get(f"/v1/leads/{ANN}", headers={"Authorization": "Bearer wrong"})).status_code == 401
    assert await topic(settings, "lead-actions") == []


async def test_nobody_is_accepted_who_is_not_a_lead(http: httpx.AsyncClient, settings: Settings) -> None:
    await send(settings, [touch("2", 0, email="bob@acme.test")])
    who = "/v1/leads/bob@acme.test"
    await until(lambda: http_ok(http, who))
    refused = await http.post(f"{who}/actions", json={"action": "accepted"})
    assert refused.status_code == 409
    assert refused.json()["detail"] == "a prospect is not a lead yet, so it cannot be accepted"


async def http_ok(http: httpx.AsyncClient, path: str) -> bool:
    """Whether there is something."""
    return (await http.get(path)).status_code == 200


async def test_an_act_of_last_week_before_the_decision_that_stands_is_the_first_in_event_time(
    settings: Settings, http: httpx.AsyncClient
) -> None:
    await send(settings, [action("a", 50, "accepted", ANN)])
    await until(lambda: lead(http, "sal"))
    earlier = await act(http, action="rejected", reason="no", occurred_at=at(20).isoformat())
    assert earlier.status_code == 202
    found = await until(lambda: lead(http, "rml"))
    assert found["answers"][0]["decided_at"] == at(20).isoformat().replace("+00:00", "Z")
    later = await act(http, action="disqualified", occurred_at=at(30).isoformat())
    assert later.status_code == 409


async def test_every_status_is_in_the_description(http: httpx.AsyncClient) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    statuses = {s: set(paths[p][m]["responses"]) for p, m, s in (
        ("/v1/leads/{lead}", "get", "get"), ("/v1/leads/{lead}/actions", "post", "post"))}  # fmt: skip
    assert statuses["get"] >= {"200", "401", "403", "404", "422", "429", "503"}
    assert statuses["post"] >= {"202", "401", "403", "404", "409", "422", "429", "503"}
