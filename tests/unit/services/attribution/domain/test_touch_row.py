"""A touchpoint as the row that is stored."""

from typing import Any

import pytest

from services.attribution.domain.channels import Classifier, EarningKinds, channel_rules
from services.attribution.domain.touch_row import COLUMNS, touch_row
from shared.events.touchpoint import Campaign, Page, Touchpoint
from tests.unit.services.attribution.domain.deals.builders import day


def row(earns: tuple[str, ...] = (), **facts: Any) -> dict[str, Any]:
    """The row of an ordinary touch, by column."""
    given: dict[str, Any] = {"touchpoint_id": "t", "source": "web", "kind": "page_view"}
    given |= {"occurred_at": day(1), "received_at": day(1)}
    classifier = Classifier(channel_rules({}), EarningKinds(earns))
    return dict(zip(COLUMNS, touch_row(Touchpoint(**(given | facts)), classifier, 7), strict=True))


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
        ({"kind": "custom:demo"}, False),
        ({"kind": "custom:demo", "earns": ("custom:demo",)}, True),
        ({"kind": "custom:demo", "earns": ("custom:other",)}, False),
        ({"kind": "custom:demo", "page": Page(url="https://x.com/")}, True),
        ({"kind": "custom:demo", "page": Page(title="Demo")}, False),
        ({"kind": "custom:demo", "page": Page(referrer="https://google.com/")}, True),
        ({"kind": "custom:demo", "campaign": Campaign(name="spring")}, True),
        ({"kind": "custom:demo", "click_ids": {"gclid": "1"}}, True),
        *(
            ({"kind": kind, "page": Page(url="https://x.com/")}, False)
            for kind in ("identify", "group", "alias", "custom:identify", "custom:group", "custom:alias")
        ),
        ({"kind": "ad_impression"}, False),
        ({"kind": "ad_impression", "earns": ("ad_impression",)}, True),
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


def test_utm_values_only_in_the_url_fill_the_columns_as_given_ones_do() -> None:
    url = "https://x.com/?utm_source=Google&utm_medium=CPC&utm_campaign=Brand&utm_term=a+b&utm_content=c"
    given = Campaign(source="Google", medium="CPC", name="Brand", term="a b", content="c")
    columns = [name for name in COLUMNS if name.startswith(("utm_", "session_", "channel"))]
    by_url, by_campaign = row(page=Page(url=url)), row(campaign=given, page=Page(url="https://x.com/"))
    assert [by_url[name] for name in columns] == [by_campaign[name] for name in columns]
    assert (by_url["utm_source"], by_url["utm_medium"]) == ("Google", "CPC")


def test_one_source_in_two_spellings_is_one_web_source() -> None:
    loud, quiet = row(campaign=Campaign("Google", "CPC")), row(campaign=Campaign("google", "cpc"))
    assert (loud["session_source"], loud["session_medium"]) == ("google", "cpc")
    assert (quiet["session_source"], quiet["session_medium"]) == ("google", "cpc")
    assert (loud["utm_source"], loud["utm_medium"]) == ("Google", "CPC")


def test_a_touch_says_by_which_rules_it_was_classified_and_where_it_stood_in_its_request() -> None:
    stored = row(position=3)
    assert (stored["channel_rules"], stored["position"]) == (7, 3)
