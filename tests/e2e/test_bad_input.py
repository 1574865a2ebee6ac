"""What a sender is told about mistakes, by the running services: and that a mistake costs nobody else anything."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.running import Closedloop

TOUCH = {"id": "t1", "kind": "page_view", "anonymous_id": "a1", "occurred_at": "2026-11-01T10:00:00Z"}


@pytest.fixture
def up(closedloop: Closedloop) -> Iterator[Closedloop]:
    with closedloop.up():
        yield closedloop


def test_every_mistake_is_answered_with_what_is_wrong(up: Closedloop) -> None:
    unknown = up.post("/v1/touchpoints", TOUCH, key="nobodys-key")
    assert unknown.status_code == 401

    wrong_kind = up.post("/v1/deals", {"id": "d1", "status": "open"}, key=up.keys.write_key)
    assert wrong_kind.status_code == 403

    malformed = up.post("/v1/touchpoints", b'{"id": "t1",\n "kind": }')
    assert malformed.status_code == 400
    assert "line" in malformed.text or "byte" in malformed.text or "column" in malformed.text

    too_large = up.post("/v1/touchpoints", TOUCH | {"properties": {"x": "y" * 600_000}})
    assert too_large.status_code == 413

    batch = [TOUCH, {"id": "t2", "kind": "no_such_kind", "anonymous_id": "a1"}, {"id": "t3", "kind": "call"}]
    answer = up.post("/v1/touchpoints", {"touchpoints": [*batch, TOUCH | {"id": "t4"}]})
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    assert [(r["index"], r["id"], r["errors"][0]["path"]) for r in answer.json()["rejected"]] == [
        (1, "t2", "kind"),
        (2, "t3", "anonymous_id"),
    ]

    up.run("wait", "--drained")
    stored = up.report("fct_touchpoint")
    assert sorted(row["kind"] for row in stored) == ["page_view", "page_view"]

    file = up.folder / "deals.csv"
    file.write_text("id,status,amount,currency,closed_at\nd1,won,12.50,USD,2026-11-02T10:00:00Z\nd2,won,12.50,USD,\n")
    said = up.run("import", "deals", file, code=1)
    assert "1 rejected" in said
    assert "closed_at" in (up.folder / "deals.rejects.csv").read_text()
    assert "needs --key" in up.run("import", "deals", file, "--url", up.url, code=1)
    assert "key is not known" in up.run("import", "deals", file, "--url", up.url, "--key", "wrong", code=1)

    up.run("wait", "--drained")
    assert [row["deal_id"] for row in up.report("fct_deal")] == ["d1"]


def test_a_broken_configuration_names_file_line_and_key(closedloop: Closedloop) -> None:
    config = closedloop.folder / "closedloop.yaml"
    config.write_text("base_currency: USD\nhttp:\n  prot: 8080\n")
    said = closedloop.run("up", code=1)
    assert "closedloop.yaml:3: http.prot" in said


def test_a_command_without_a_running_closedloop_says_how_to_start_it(closedloop: Closedloop) -> None:
    del closedloop.environment["CLOSEDLOOP_KAFKA"]
    file = closedloop.folder / "t.jsonl"
    file.write_text(json.dumps(TOUCH))
    for command in (["report"], ["explain", "deal", "d1"], ["lead", "a@x.io"], ["import", "touchpoints", file]):
        assert "closedloop up" in closedloop.run(*command, code=1)
