"""The demo's company: the same every time, every kind of thing in it, and its point visible in the raw events."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from cli.demo.buying import plan
from cli.demo.cast import account
from cli.demo.company import Company, company
from cli.demo.entrances import ENTRANCES, NEWSLETTER, NURTURE, Entrance
from cli.demo.fates import FATES, fate
from cli.demo.selling import deal_versions
from cli.demo.story import Story, working_hours
from cli.demo.touches import Item, stamp
from services.attribution.domain.channels import CREDITED_KINDS, ChannelRules, Evidence
from shared.events.touchpoint import IDENTITY_KINDS, KINDS

END = datetime(2026, 11, 20, tzinfo=UTC)
STORY = Story(END, accounts=60)
RULES = ChannelRules()


@cache
def told() -> Company:
    return company(STORY)


def test_the_same_story_is_the_same_to_the_byte() -> None:
    assert json.dumps(told()) == json.dumps(company(STORY))


def test_another_seed_is_another_company() -> None:
    assert told() != company(Story(END, seed=8, accounts=60))


def test_more_accounts_leave_the_first_ones_as_they_were() -> None:
    few, many = company(Story(END, accounts=10)), company(Story(END, accounts=20))
    ids = {touch["id"]: touch for touch in many.touchpoints}
    assert all(ids[touch["id"]] == touch for touch in few.touchpoints)


def test_every_kind_of_touchpoint_is_there() -> None:
    kinds = {touch["kind"] for touch in told().touchpoints}
    assert kinds >= KINDS - IDENTITY_KINDS
    assert any(kind.startswith("custom:") for kind in kinds)


def test_every_way_a_lead_and_a_deal_can_go_is_there() -> None:
    assert {act["action"] for act in told().lead_actions} == {"contacted", "accepted", "rejected", "recycled"}
    assert {deal["status"] for deal in told().deals} == {"open", "won", "lost"}
    assert {fate(STORY, number).name for number in range(50)} == {row.name for row in FATES}
    assert any("refunds" in deal for deal in told().deals)


def test_ids_are_distinct_and_all_happens_within_the_story() -> None:
    touches = told().touchpoints
    assert len({touch["id"] for touch in touches}) == len(touches)
    first = stamp(STORY.start - timedelta(days=3))  # an ad may have been seen before the first visit
    assert all(first <= touch["occurred_at"] < stamp(END) for touch in touches)
    assert all(deal["updated_at"] < stamp(END) for deal in told().deals)
    assert touches == sorted(touches, key=lambda touch: (touch["occurred_at"], touch["id"]))


def test_a_deal_only_moves_forward_in_time_and_a_correction_keeps_its_close() -> None:
    for number in range(60):
        who, what = account(STORY, number), fate(STORY, number)
        versions = deal_versions(STORY, who, what, plan(STORY, who, what))
        for deal_id in {version["id"] for version in versions}:
            own = [version for version in versions if version["id"] == deal_id]
            assert [v["updated_at"] for v in own] == sorted({v["updated_at"] for v in own})
            won = [v for v in own if v["status"] == "won"]
            if what.after in {"amended", "refunded", "cancelled"} and not deal_id.endswith("-X"):
                assert len({v["closed_at"] for v in won}) == 1
            if what.after == "won again" and len(won) == 2:
                assert won[0]["closed_at"] < won[1]["closed_at"]
            assert all(("closed_at" in v) == (v["status"] != "open") for v in own)


@pytest.mark.parametrize("entrance", [*ENTRANCES, NURTURE, NEWSLETTER], ids=lambda e: f"{e.channel}-{e.source}")
def test_an_entrance_is_the_channel_it_says(entrance: Entrance) -> None:
    evidence = Evidence(
        kind="page_view", source=entrance.source, medium=entrance.medium, campaign=next(iter(entrance.campaigns), None),
        referrer=entrance.referrer, url=f"https://www.ourco.example{entrance.page}",
        click_ids=((entrance.click_id, "x"),) if entrance.click_id else (),
    )  # fmt: skip
    assert RULES.classify(evidence).channel == entrance.channel


def test_what_brings_most_addresses_does_not_bring_the_buyers() -> None:
    buyers = {deal["contacts"][0] for deal in told().deals if deal["status"] == "won"}
    forms = [touch for touch in told().touchpoints if touch["kind"] == "form_submit"]
    first: dict[str, str] = {}
    for touch in told().touchpoints:
        if touch["kind"] in CREDITED_KINDS and "anonymous_id" in touch:
            first.setdefault(touch["anonymous_id"], _channel(touch))
    leads = Counter(first[form["anonymous_id"]] for form in forms)
    customers = Counter(first[form["anonymous_id"]] for form in forms if form["email"] in buyers)
    assert leads["Paid Social"] > leads["Organic Search"]
    assert customers["Paid Social"] < customers["Organic Search"]


def _channel(touch: Item) -> str:
    campaign, page = touch.get("campaign", {}), touch.get("page", {})
    evidence = Evidence(
        kind=touch["kind"], source=campaign.get("source"), medium=campaign.get("medium"), campaign=campaign.get("name"),
        referrer=page.get("referrer"), url=page.get("url"), click_ids=tuple(touch.get("click_ids", {}).items()),
    )  # fmt: skip
    return RULES.classify(evidence).channel


def test_sales_people_work_on_weekdays() -> None:
    for hour in range(0, 24 * 14, 5):
        at = working_hours(END + timedelta(hours=hour))
        assert at.weekday() < 5
        assert 9 <= at.hour < 17
        assert at >= END + timedelta(hours=hour) - timedelta(hours=1)
