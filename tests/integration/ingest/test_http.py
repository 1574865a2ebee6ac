"""Ingest from outside, on real Kafka: what is asked, what is answered, what is in the topics."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from shared.events.ids import Sender
from shared.settings import Settings, Source
from tests.integration.ingest.kafka_reader import events, records
from tests.processes import RunningService

WRITE = {"X-Write-Key": "test-write-key"}
SECRET = {"Authorization": "Bearer test-secret-key"}
TOUCHPOINT = {"id": "1", "kind": "page_view", "anonymous_id": "a"}
DEAL = {"id": "d1", "status": "won", "amount": "10.10", "currency": "EUR", "closed_at": "2026-02-01T00:00:00Z"}

RunService = Callable[[str, Settings], RunningService]


@pytest.fixture
def http(settings: Settings, run_service: RunService) -> Iterator[httpx.Client]:
    slow = Source.model_validate({"name": "slow", "write_key": "slow-key", "rate": "5/minute"})
    service = run_service("ingest", settings.model_copy(update={"sources": (*settings.sources, slow)}))
    with httpx.Client(base_url=service.url, timeout=30) as client:
        yield client


async def test_everything_acknowledged_is_in_its_topic(http: httpx.Client, settings: Settings) -> None:
    posts: dict[str, tuple[Any, dict[str, str]]] = {
        "touchpoints": ({"touchpoints": [TOUCHPOINT, TOUCHPOINT | {"id": "2"}]}, WRITE),
        "deals": (DEAL, SECRET),
        "lead-actions": ({"lead_actions": [{"action": "accepted", "email": "a@b.co"}]}, SECRET),
        "spend": ({"day": "2026-01-01", "source": "g", "medium": "cpc", "cost": 1.5, "currency": "EUR"}, SECRET),
        "fx-rates": ({"fx_rates": [{"day": "2026-01-01", "base": "EUR", "quote": "USD", "rate": "1.1"}]}, SECRET),
    }
    for path, (body, key) in posts.items():
        answer = http.post(f"/v1/{path}", json=body, headers=key)
        assert (answer.status_code, answer.json()["rejected"]) == (202, []), answer.text
    assert {event.touchpoint_id for event in await events(settings, "touchpoints")} == {
        Sender("test").event_id("1"),
        Sender("test").event_id("2"),
    }
    assert [event.deal_id for event in await events(settings, "deals")] == ["d1"]
    assert [event.email for event in await events(settings, "lead-actions")] == ["a@b.co"]
    assert {type(event).__name__ for event in await events(settings, "spend")} == {"Spend", "FxRate"}


async def test_records_carry_cloudevents_headers_and_the_same_person_has_one_partition(
    http: httpx.Client, settings: Settings
) -> None:
    http.post("/v1/touchpoints", json={"touchpoints": [TOUCHPOINT | {"id": n} for n in range(20)]}, headers=WRITE)
    found = await records(settings, "touchpoints")
    headers = dict(found[0].headers)
    assert headers["ce_type"] == b"closedloop.touchpoint.v1"
    assert headers["ce_source"] == b"test"
    assert headers["ce_specversion"] == b"1.0"
    assert headers.keys() == {"ce_id", "ce_type", "ce_source", "ce_time", "ce_specversion"}
    assert len({record.partition for record in found}) == 1


async def test_a_bad_item_is_told_and_kept_and_the_others_are_taken(http: httpx.Client, settings: Settings) -> None:
    bad = {"id": "b", "kind": "nope", "user_id": "u", "page": {"url": "x\u0000y"}}
    answer = http.post("/v1/touchpoints", json={"touchpoints": [TOUCHPOINT, bad, 7]}, headers=WRITE)
    rejected = answer.json()["rejected"]
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert [(item["index"], item["id"], item["errors"][0]["path"]) for item in rejected] == [
        (1, "b", "kind"),
        (2, None, "$"),
    ]
    letters = await events(settings, "dead-letters")
    assert {letter.origin for letter in letters} == {"ingest:/v1/touchpoints"}
    assert {"nope" in letter.body for letter in letters} == {True, False}
    assert {letter.topic for letter in letters} == {"touchpoints"}


@pytest.mark.parametrize("path", ["track", "t", "batch"])
async def test_segments_libraries_are_answered_as_segment_does(
    path: str, http: httpx.Client, settings: Settings
) -> None:
    call = {"type": "track", "event": "Form Submitted", "anonymousId": "a", "messageId": "m"}
    body = {"batch": [call, {"type": "nope"}]} if path == "batch" else call
    answer = http.post(
        f"/v1/{path}",
        content=json.dumps(body | {"writeKey": "test-write-key"}),
        headers={"Content-Type": "text/plain", "Origin": "https://shop.example"},
    )
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert [event.kind for event in await events(settings, "touchpoints")] == ["form_submit"]


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "says"),
    [
        ("touchpoints", {}, TOUCHPOINT, 401, "no key"),
        ("touchpoints", {"X-Write-Key": "wrong"}, TOUCHPOINT, 401, "No source has this key"),
        ("touchpoints", {"Authorization": "Basic !!"}, TOUCHPOINT, 401, "no key"),
        ("touchpoints", SECRET, TOUCHPOINT, 202, ""),
        ("touchpoints", {}, TOUCHPOINT | {"writeKey": "test-write-key"}, 202, ""),
        ("deals", WRITE, DEAL, 403, "secret key"),
        ("deals", {}, DEAL, 401, "no key"),
        ("deals", SECRET, DEAL, 202, ""),
        ("touchpoints", WRITE, b'{"id":\n?', 400, "line 2, column 1"),
        ("touchpoints", WRITE, b"[]", 400, "one JSON object"),
        ("touchpoints", WRITE, TOUCHPOINT | {"properties": {"x": "y" * 40_000}}, 413, "32768"),
        ("touchpoints", WRITE, b" " * 500_001, 413, "500000"),
        ("touchpoints", WRITE, {"touchpoints": [TOUCHPOINT] * 2501}, 413, "2500"),
        ("touchpoints", WRITE | {"Content-Encoding": "br"}, TOUCHPOINT, 415, "gzip"),
        ("touchpoints", WRITE | {"Content-Encoding": "gzip"}, TOUCHPOINT, 400, "not gzip"),
    ],
)
def test_every_refusal_has_its_status_and_says_what_to_do(
    path: str, headers: dict[str, str], body: Any, status: int, says: str, http: httpx.Client
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = http.post(f"/v1/{path}", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert status == 202 or answer.json().keys() == {"error", "detail"}
    assert says in answer.text


def test_gzip_is_read_and_a_bomb_is_refused(http: httpx.Client) -> None:
    packed = WRITE | {"Content-Encoding": "gzip"}
    assert http.post(
        "/v1/touchpoints", content=gzip.compress(json.dumps(TOUCHPOINT).encode()), headers=packed
    ).is_success
    assert http.post("/v1/touchpoints", content=gzip.compress(b" " * 50_000_000), headers=packed).status_code == 413


def test_a_source_over_its_rate_is_told_when_to_come_again(http: httpx.Client) -> None:
    batch = {"touchpoints": [TOUCHPOINT] * 4}
    key = {"X-Write-Key": "slow-key"}
    assert http.post("/v1/touchpoints", json=batch, headers=key).status_code == 202
    refused = http.post("/v1/touchpoints", json=batch, headers=key)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert http.post("/v1/touchpoints", json=batch, headers=WRITE).status_code == 202


def test_browsers_may_ask_first_and_only_for_what_takes_a_public_key(http: httpx.Client) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Headers": "authorization,x-retry-count"}
    allowed = http.options("/v1/t", headers=asked)
    assert allowed.status_code == 204
    for name in ("Authorization", "Content-Type", "X-Retry-Count"):
        assert name in allowed.headers["access-control-allow-headers"]
    assert http.options("/v1/deals", headers=asked).status_code == 405
    assert http.get("/v1/touchpoints").headers["allow"] == "POST, OPTIONS"


def test_the_description_names_every_route_and_metrics_count_what_was_taken(http: httpx.Client) -> None:
    http.post("/v1/touchpoints", json={"touchpoints": [TOUCHPOINT, {}]}, headers=WRITE)
    described = http.get("/openapi.json").json()["paths"]
    assert {"/v1/touchpoints", "/v1/deals", "/v1/batch", "/v1/fx-rates", "/health/ready"} <= described.keys()
    assert http.get("/docs").status_code == 200
    metrics = http.get("/metrics").text
    assert 'closedloop_ingest_accepted_total{source="test"} 1.0' in metrics
    assert 'closedloop_ingest_rejected_total{source="test"} 1.0' in metrics
    assert 'closedloop_ingest_requests_total{path="/v1/touchpoints",status="202"} 1.0' in metrics


@pytest.mark.parametrize("bad", [b'{"id":NaN}', b"[" * 1000 + b"]" * 1000], ids=["NaN", "nested 1,000 deep"])
@pytest.mark.parametrize(("path", "plural", "status"), [("touchpoints", "touchpoints", 202), ("batch", "batch", 200)])
async def test_one_item_that_is_no_json_costs_its_49_neighbours_nothing(
    path: str, plural: str, status: int, bad: bytes, http: httpx.Client, settings: Settings
) -> None:
    good = [
        b'{"id":"%d","kind":"call","type":"track","messageId":"%d","anonymous_id":"a","anonymousId":"a"}' % (n, n)
        for n in range(49)
    ]
    body = b'{"%s":[%s]}' % (plural.encode(), b",".join([*good[:20], bad, *good[20:]]))
    answer = http.post(f"/v1/{path}", content=body, headers=WRITE)
    assert answer.status_code == status, answer.text
    assert len(await events(settings, "touchpoints")) == 49
    assert [letter.body for letter in await events(settings, "dead-letters")] == [bad.decode()]


def test_a_bodys_packing_goes_by_any_name_and_in_several_members(http: httpx.Client) -> None:
    whole = json.dumps({"touchpoints": [TOUCHPOINT]}).encode()
    for encoding, body in (
        ("GZIP", gzip.compress(whole)),
        ("x-gzip", gzip.compress(whole[:9]) + gzip.compress(whole[9:])),
        ("identity", b"\xef\xbb\xbf" + whole),
    ):
        answer = http.post("/v1/touchpoints", content=body, headers=WRITE | {"Content-Encoding": encoding})
        assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})


async def test_2500_empty_items_make_a_short_answer_and_few_letters(http: httpx.Client, settings: Settings) -> None:
    body = b'{"touchpoints":[' + b",".join([b"{}"] * 2500) + b"]}"
    answer = http.post("/v1/touchpoints", content=body, headers=WRITE)
    assert answer.status_code == 202
    assert len(answer.content) < 60_000
    assert len(await records(settings, "dead-letters")) <= 60
    false = http.post("/v1/touchpoints", json={"touchpoints": [{"id": False}]}, headers=WRITE).json()
    assert false["rejected"][0]["id"] is None


def test_what_is_refused_is_counted_by_source_and_more_than_the_rate_is_to_be_split(http: httpx.Client) -> None:
    too_many = http.post("/v1/touchpoints", json={"touchpoints": [TOUCHPOINT] * 6}, headers={"X-Write-Key": "slow-key"})
    assert too_many.status_code == 413
    assert "split" in too_many.text
    http.post("/v1/touchpoints", content=b"{", headers=WRITE)
    http.post("/v1/batch", content=b"nonsense")
    counted = http.get("/metrics").text
    assert 'closedloop_ingest_refused_total{source="slow",status="413"} 1.0' in counted
    assert 'closedloop_ingest_refused_total{source="test",status="400"} 1.0' in counted
    assert 'closedloop_ingest_refused_total{source="unknown",status="400"} 1.0' in counted


async def test_two_crms_have_deals_of_their_own(settings: Settings, run_service: RunService) -> None:
    eu = [Source.model_validate({"name": name, "secret_key": f"{name}-key", "crm": "eu"}) for name in ("file", "hook")]
    service = run_service("ingest", settings.model_copy(update={"sources": (*settings.sources, *eu)}))

    def send(key: str, id: str) -> httpx.Response:
        return httpx.post(f"{service.url}/v1/deals", json=DEAL | {"id": id}, headers={"Authorization": f"Bearer {key}"})

    for key in ("test-secret-key", "file-key", "hook-key"):
        assert send(key, "1001").json()["accepted"] == 1
    assert send("test-secret-key", "eu:1001").json()["rejected"][0]["errors"][0]["path"] == "id"
    found = [(deal.deal_id, deal.crm, deal.source) for deal in await events(settings, "deals")]
    assert sorted(found) == [("1001", "crm", "test"), ("eu:1001", "eu", "file"), ("eu:1001", "eu", "hook")]


async def test_what_a_public_key_says_is_told_from_what_a_secret_one_says(
    http: httpx.Client, settings: Settings
) -> None:
    http.post("/v1/touchpoints", json={"touchpoints": [TOUCHPOINT, TOUCHPOINT | {"id": "2"}]}, headers=WRITE)
    http.post("/v1/touchpoints", json=TOUCHPOINT | {"id": "3"}, headers=SECRET)
    found = [(touch.position, touch.trusted) for touch in await events(settings, "touchpoints")]
    assert sorted(found) == [(0, False), (0, True), (1, False)]


async def test_the_envelopes_denied_consent_counts_for_every_call_in_it(http: httpx.Client, settings: Settings) -> None:
    denied = {"consent": {"categoryPreferences": {"Marketing": False}}}
    call = {"type": "page", "anonymousId": "a"}
    batch = [call | {"messageId": "1"}, call | {"messageId": "2", "context": {"ip": "203.0.113.7"}}]
    http.post("/v1/batch", json={"batch": batch, "context": denied}, headers=WRITE)
    assert [touch.consent for touch in await events(settings, "touchpoints")] == ["denied", "denied"]
