"""Leads on a real database: who is who, what they became, what sales was asked."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import pytest

from shared.events.dead_letter import DeadLetter
from shared.events.touchpoint import Account
from tests.lifecycle.builders import World, action, at, deal, touch

ANN, BOB = "ann@acme.test", "bob@acme.test"


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A lifecycle with two sales people."""
    world = World(database_url, {"owners": ["kim", "lee"]}, now=at(60))
    yield world
    await world.close()


async def test_a_visitor_who_tells_their_email_is_one_person_from_the_first_sight_on(world: World) -> None:
    await world.apply(touch("first", 0, anonymous_id="w1"))
    await world.apply(touch("form", 5, "form_submit", anonymous_id="w1", email=ANN))
    rows = await world.rows("SELECT email, stage, first_seen_at, last_seen_at, account_id FROM warehouse.dim_person")
    assert rows == [(ANN, "lead", at(0), at(5), "domain:acme.test")]


async def test_two_people_at_one_browser_stay_two(world: World) -> None:
    await world.apply(
        touch("ann", 1, anonymous_id="w1", email=ANN),
        touch("bob", 9, anonymous_id="w1", email=BOB),
        touch("before both", 0, "content_download", anonymous_id="w1"),
        touch("between", 5, "content_download", anonymous_id="w1"),
        touch("after", 10, "product_signup", anonymous_id="w1"),
    )
    people = await world.rows("SELECT email, score, first_seen_at FROM warehouse.dim_person ORDER BY email")
    assert people == [(ANN, 30, at(0)), (BOB, 40, at(9))]


async def test_after_a_merge_the_person_first_minted_survives_and_the_other_points_to_it(world: World) -> None:
    await world.apply(touch("1", 5, "form_submit", email=ANN))
    await world.apply(touch("2", 1, "form_submit", user_id="u1"))
    [(ann, _)] = await world.rows("SELECT person_id, email FROM warehouse.dim_person WHERE email = $1", ANN)
    await world.apply(touch("3", 9, email=ANN, user_id="u1"))
    rows = await world.rows("SELECT person_id, merged_into, stage, score FROM warehouse.dim_person ORDER BY person_id")
    assert [row[1:] for row in rows] == [(None, "lead", 40), (ann, None, 0)]
    alive = await world.rows(
        "SELECT to_stage, occurred_at FROM warehouse.fct_stage_transition WHERE superseded_at IS NULL ORDER BY 2, 1"
    )
    assert [when for _, when in alive] == [at(1)] * 3


async def test_an_alias_of_two_user_ids_makes_them_one_person(world: World) -> None:
    await world.apply(touch("1", 1, "form_submit", user_id="trial-7"))
    await world.apply(touch("2", 2, "page_view", user_id="u1"))
    await world.apply(touch("3", 9, "alias", user_id="u1", previous_id="trial-7"))
    rows = await world.rows("SELECT stage, first_seen_at FROM warehouse.dim_person WHERE merged_into IS NULL")
    assert rows == [("lead", at(1))]


async def test_an_earlier_touch_supersedes_the_first_sight(world: World) -> None:
    await world.apply(touch("late", 9, anonymous_id="w1"))
    await world.apply(touch("early", 2, anonymous_id="w1"))
    rows = await world.rows(
        "SELECT occurred_at, superseded_at IS NULL FROM warehouse.fct_stage_transition ORDER BY occurred_at"
    )
    assert rows == [(at(2), True), (at(9), False)]


async def test_a_deal_without_contacts_moves_everybody_of_its_account(world: World) -> None:
    await world.apply(
        touch("1", 0, "form_submit", email=ANN), touch("2", 0, email=BOB), touch("3", 0, email="cid@other.test")
    )
    await world.apply(deal("d", 5, "won", 9, account=Account(domain="acme.test")))
    assert await world.stages() == {ANN: "customer", BOB: "customer", "cid@other.test": "prospect"}


async def test_only_the_latest_version_of_a_deal_counts(world: World) -> None:
    await world.apply(deal("d", 5, "won", 9, contacts=[ANN]))
    await world.apply(deal("d", 5, "open", updated=12, contacts=[BOB]))
    await world.apply(deal("d", 5, "lost", 8, updated=7, contacts=[ANN]))
    assert await world.stages() == {ANN: "prospect", BOB: "opportunity"}


async def test_a_domain_becomes_the_account_that_was_first_named_with_it(world: World) -> None:
    await world.apply(touch("1", 0, email=ANN))
    await world.apply(touch("2", 3, email=BOB, account=Account(id="A-1", domain="acme.test", name="Acme Inc")))
    assert await world.rows("SELECT DISTINCT account_id FROM warehouse.dim_person") == [("A-1",)]
    assert await world.rows("SELECT * FROM warehouse.dim_account") == [("A-1", "acme.test", "Acme Inc")]


async def test_leads_go_round_robin_to_the_owners_and_folding_again_does_not_roll_again(world: World) -> None:
    await world.apply(touch("1", 1, "meeting", email=ANN), touch("2", 2, "meeting", email=BOB))
    await world.apply(touch("3", 0, "form_submit", email=BOB))  # older: Bob is folded again
    rows = await world.rows("SELECT email, stage, owner FROM warehouse.dim_person ORDER BY email")
    assert rows == [(ANN, "mql", "kim"), (BOB, "mql", "lee")]


async def test_sales_may_name_the_lead_by_person_id(world: World) -> None:
    await world.apply(touch("1", 0, "meeting", email=ANN))
    [(person_id,)] = await world.rows("SELECT person_id::text FROM warehouse.dim_person")
    await world.apply(action("a", 5, "accepted", person_id=person_id))
    assert await world.stages() == {ANN: "sal"}


async def test_a_program_is_nobodys_lead(world: World) -> None:
    await world.apply(touch("1", 0, "email_click", email=ANN, user_agent="Googlebot/2.1"))
    assert await world.rows("SELECT * FROM warehouse.dim_person") == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_a_retry_with_other_times_counts_once_and_the_first_receipt_stands(
    world: World, order: tuple[int, int]
) -> None:
    sent = touch("1", 5, "form_submit", email=ANN, received=5)
    again = touch("1", 9, "form_submit", email=ANN, received=9)
    for index in order:
        await world.apply((sent, again)[index])
    await world.apply(sent, again)
    assert await world.rows("SELECT score FROM warehouse.dim_person") == [(20,)]
    assert await world.rows("SELECT occurred_at FROM lifecycle.signal") == [(at(5),)]


async def test_a_repeated_rejection_does_not_reject_the_next_cycle(world: World) -> None:
    rejected = action("r", 10, "rejected", ANN, reason="no budget")
    await world.apply(touch("1", 0, "meeting", email=ANN), rejected)
    await world.apply(touch("2", 20, "meeting", email=ANN))
    await world.apply(action("r", 30, "rejected", ANN, reason="no budget"))
    assert await world.stages() == {ANN: "mql"}


async def test_an_earlier_receipt_that_comes_late_takes_back_what_the_later_one_said_of_somebody_else(
    world: World,
) -> None:
    await world.apply(touch("1", 9, "meeting", email=BOB, received=9))
    await world.apply(touch("1", 5, "form_submit", email=ANN, received=5))
    rows = await world.rows("SELECT email, score FROM warehouse.dim_person ORDER BY email")
    assert rows == [(ANN, 20), (BOB, 0)]


@pytest.mark.parametrize("year", [1, 1899, 2200, 9999])
async def test_a_time_nobody_can_reckon_with_is_a_dead_letter_and_everything_beside_it_counts(
    world: World, year: int
) -> None:
    moment = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    absurd = [
        msgspec.structs.replace(touch("1", 0, "meeting", email=BOB), occurred_at=moment),
        msgspec.structs.replace(deal("d", 5, "won", 9, contacts=[BOB]), closed_at=moment),
        msgspec.structs.replace(deal("e", 5, contacts=[BOB]), updated_at=moment),
        msgspec.structs.replace(action("a", 5, "accepted", BOB), occurred_at=moment),
    ]
    await world.apply(*absurd, touch("2", 0, "meeting", email=ANN))
    assert await world.stages() == {ANN: "mql"}
    letters = await world.rows("SELECT value FROM lifecycle.outbox WHERE topic = 'dead-letters' ORDER BY seq")
    reasons = [msgspec.json.decode(value, type=DeadLetter).reason for (value,) in letters]
    fields = ("occurred_at", "closed_at", "updated_at", "occurred_at")
    assert [reason.split()[:2] for reason in reasons] == [[field, f"{year:04}-12-31:"] for field in fields]


async def test_an_open_deal_may_be_expected_to_close_in_the_year_9999(world: World) -> None:
    never = datetime(9999, 12, 31, tzinfo=UTC)
    await world.apply(msgspec.structs.replace(deal("d", 5, contacts=[ANN]), closed_at=never))
    assert await world.stages() == {ANN: "opportunity"}
