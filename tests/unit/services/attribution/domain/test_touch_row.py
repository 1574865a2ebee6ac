"""A touchpoint as the row that is stored."""

from typing import Any

import pytest

from services.attribution.domain.channels import channel_rules
from services.attribution.domain.touch_row import COLUMNS, Facts, touch_row
from shared.events.touchpoint import Campaign, Page, Touchpoint
from tests.unit.services.attribution.domain.deals.builders import day


def row(**facts: Any) -> dict[str, Any]:
    """The row of an ordinary touch, by column."""
    given = {"touchpoint_id": "t", "source": "web", "kind": "page_view", "occurred_at": day(1), "received_at": day(1)}
    return dict(zip(COLUMNS, touch_row(Touchpoint(**(given | facts)), Facts(channel_rules({}))), strict=True))


@pytest.mark.parametrize(
    ("identifiers", "identity"),
    [
        ({"anonymous_id": "a", "user_id": "u", "email": "e@x.com", "ids": {"hubspot": "1"}}, "email:e@x.com"),
        ({"anonymous_id": "a", "user_id": "u", "ids": {"hubspot": "1"}}, "user_id:u"),
        ({"anonymous_id": "a", "ids": {"salesforce": "2", "hubspot": "1"}}, "crm:hubspot:1"),
        ({"anonymous_id": "a"}, "anonymous_id:a"),
    ],
)
def test_a_touch_belongs_to_the_strongest_identifier_it_carries(identifiers: dict[str, Any], identity: str) -> None:
    assert row(**identifiers)["identity"] == identity


@pytest.mark.parametrize(
    ("facts", "earns"),
    [
        ({}, True),
        ({"kind": "custom:demo"}, True),
        ({"consent": "granted"}, True),
        ({"consent": "denied"}, False),
        ({"kind": "email_sent"}, False),
        ({"user_agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}, False),
    ],
)
def test_bots_refusals_and_acts_of_others_earn_no_credit(facts: dict[str, Any], earns: bool) -> None:
    assert row(anonymous_id="a", **facts)["earns_credit"] is earns


def test_utm_values_are_kept_as_received_beside_the_sessions_own_source_and_medium() -> None:
    tagged = row(anonymous_id="a", campaign=Campaign(source="Google", medium="cpc", name="Brand"))
    assert (tagged["utm_source"], tagged["utm_campaign"], tagged["channel"]) == ("Google", "Brand", "Paid Search")
    organic = row(anonymous_id="a", page=Page(url="https://x.com/", referrer="https://www.google.com/"))
    assert (organic["utm_source"], organic["session_source"], organic["session_medium"]) == (None, "google", "organic")
