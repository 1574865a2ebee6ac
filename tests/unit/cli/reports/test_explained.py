"""One deal and one lead as tables: the sums of the page can be redone on the page."""

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cli.reports import deal, lead, look

ENTRIES: list[dict[str, Any]] = [
    {"entry_id": "e1", "booking": 1, "kind": "booked", "amount": "1000.00", "amount_base": "1080.00"},
    {"entry_id": "e2", "booking": 1, "kind": "refunded", "amount": "-500.00", "amount_base": "-540.00"},
    {"entry_id": "e0", "booking": 1, "kind": "booked", "amount": "900.00", "amount_base": "972.00"},
]
CORRECTED = {"e0": "2026-03-01T00:00:00Z"}
TOUCHES = [("t1", "2026-01-02T10:00:00Z", 1, True), ("t2", "2026-01-02T10:05:00Z", 1, False), ("t3", "2026-02-02T10:00:00Z", 2, True)]  # fmt: skip  # noqa: E501
CREDITS = [
    ("first", "e1", "t1", "Paid Search", 1.0, "1080.00"), ("first", "e2", "t1", "Paid Search", 1.0, "-540.00"),
    ("linear", "e1", "t1", "Paid Search", 0.5, "540.00"), ("linear", "e1", "t3", "Direct", 0.5, "540.00"),
    ("linear", "e2", "t1", "Paid Search", 0.5, "-270.00"), ("linear", "e2", "t3", "Direct", 0.5, "-270.00"),
]  # fmt: skip


def credits(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    names = ("model", "entry_id", "touchpoint_id", "channel", "weight", "amount_base")
    return [dict(zip(names, row, strict=True), position="first") for row in rows]


def found(**changes: Any) -> dict[str, Any]:
    """What attribution answers, shortened."""
    times = {"occurred_at": "2026-02-03T09:00:00Z", "currency": "EUR", "fx_rate": "1.08"}
    return {
        "deal": {
            "deal_id": "D1", "name": "Acme [new]", "status": "won", "amount": "1000.00", "currency": "EUR",
            "closed_at": "2026-02-03T09:00:00Z", "account_id": "A1", "account_rule": "explicit", "owner": None,
            "contacts": ["ada@acme.example"],
        },
        "pending": False, "error": None, "people": ["p1"], "models": ["first", "linear"],
        "model_config": {"base_currency": "USD"},
        "entries": [entry | times | {"superseded_at": CORRECTED.get(entry["entry_id"])} for entry in ENTRIES],
        "journey": [
            {
                "touchpoint_id": i, "occurred_at": at, "session": session, "opens_session": opens, "kind": "page_view",
                "channel": "Paid Search" if session == 1 else "Direct", "channel_rule": "ga4:x",
                "session_source": "google", "session_medium": "cpc",
            }
            for i, at, session, opens in TOUCHES
        ],
        "credits": credits(CREDITS),
    } | changes  # fmt: skip


def shown(model: str | None = None, **changes: Any) -> str:
    out = StringIO()
    deal.show(Console(width=look.WIDTH, file=out), found(**changes), model)
    return out.getvalue()


def test_the_ledger_has_every_live_entry_and_their_sum() -> None:
    text = shown()
    assert "booked" in text
    assert "€1,000.00" in text
    assert "$540.00" in text.split("net")[1].splitlines()[0]
    assert "972" not in text  # a corrected entry


def test_a_session_is_one_line_with_its_share_under_every_model() -> None:
    (line,) = [line for line in shown().splitlines() if "page_view +1" in line]
    assert line.split()[-2:] == ["100.0", "50.0"]
    assert "2 sessions of 1 person" in shown()


def test_the_credits_of_a_model_add_up_to_the_net() -> None:
    text = shown().split("Credits")[1]
    assert [line.split()[-2:] for line in text.splitlines() if line.strip().startswith("net")] == [["540.00", "540.00"]]


def test_one_model_is_shown_touch_by_touch_and_entry_by_entry() -> None:
    text = shown("linear")
    assert "linear: booked" in text
    assert "linear: refunded" in text
    assert "google / cpc" in text
    assert "-270.00" in text


def test_a_model_without_credits_is_refused_with_those_there_are() -> None:
    with pytest.raises(deal.NoSuchModel, match="first, linear"):
        shown("shapley")


def test_a_deal_without_touches_is_unattributed_not_lost() -> None:
    text = shown(journey=[], credits=credits([("first", "e1", None, "Unattributed", 1.0, "1080.00")]))
    assert "0 sessions" in text
    assert text.count("Unattributed") == 2


def test_an_amount_without_a_rate_says_so() -> None:
    entry = ENTRIES[0] | {"occurred_at": "2026-02-03T09:00:00Z", "currency": "XAU", "fx_rate": None}
    text = shown(entries=[entry | {"amount_base": None, "superseded_at": None}], credits=[])
    assert "no rate yet" in text
    amount = f"{Decimal(entry['amount']):,.2f}"
    assert f"not in these totals: 1 deal without a rate: XAU {amount}" in text


def test_an_open_deal_without_an_amount_is_explained_too() -> None:
    incomplete = found()["deal"] | {"status": "open", "amount": None, "closed_at": None}
    assert "open, no amount yet" in shown(deal=incomplete, entries=[], credits=[], journey=[])


def test_a_lead_shows_its_steps_without_the_corrected_ones() -> None:
    step = {"cycle": 1, "from_stage": "lead", "occurred_at": "2026-01-02T10:00:00Z", "rule": "score", "reason": None}
    out = StringIO()
    lead.show(
        Console(width=100, file=out),
        {
            "email": "ada@acme.example", "person_id": "p1", "stage": "mql", "stage_since": "2026-01-02T10:00:00Z",
            "score": 55, "cycle": 1, "account_id": "A1", "owner": "ben",
            "transitions": [
                step | {"to_stage": "mql", "superseded_at": None},
                step | {"to_stage": "customer", "superseded_at": "2026-01-03T10:00:00Z"},
            ],
            "answers": [
                {
                    "cycle": 1, "owner": "ben", "mql_at": "2026-01-02T10:00:00Z", "due_at": "2026-01-03T10:00:00Z",
                    "contact_due_at": "9999-12-31T23:59:59Z", "contacted_at": "0001-01-01T00:00:00Z",
                    "decided_at": None, "decision": None, "reason": None, "breached": True,
                }
            ],
            "actions": [
                {
                    "action": "accepted", "occurred_at": "2026-01-03T11:00:00Z", "actor": "Kim", "source": "crm",
                    "owner": "ben", "reason": None, "ignored": "sales answered this pass already",
                },
                {
                    "action": "contacted", "occurred_at": "2026-01-03T11:00:00Z", "actor": None, "source": None,
                    "owner": None, "reason": None, "ignored": None,
                },
            ],
            "identifiers": [
                {"kind": "email", "value": "ada@acme.example", "first_seen_at": None, "last_seen_at": None}
            ],
        },
    )  # fmt: skip
    text = out.getvalue()
    assert "mql since 2026-01-02 10:00; score 55" in text
    assert "customer" not in text
    assert "1 that later news corrected" in text
    assert "no" in text.split("in time")[1].splitlines()[1]
    assert "accepted   Kim (crm)  ben            sales answered this pass already" in text


def test_a_model_in_full_fits_eighty_columns_with_all_positions_in_one_touch() -> None:
    answer = found()
    answer["credits"] = credits([("first", "e1", "t1", "Paid Search", 1.0, "1080.00")])
    answer["credits"][0]["position"] = "first+lead_created+opportunity_created+closed"
    for touch in answer["journey"]:
        touch["channel_rule"], touch["session_source"], touch["session_medium"] = "ga4:paid_search", "google", "cpc"
    out = StringIO()
    deal.show(Console(width=look.WIDTH, file=out), answer, "first")
    assert max(map(len, out.getvalue().splitlines())) <= look.WIDTH
    assert "1,080.00" in out.getvalue()
