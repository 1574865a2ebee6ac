"""Sales' answers and alarms on a real database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest

from services.lifecycle.config import configured
from services.lifecycle.lead import NobodyThere, lead_of
from services.lifecycle.timers import Timers
from shared import db
from shared.events.lead_action import LeadActionKind
from shared.events.stage_transition import StageTransition
from shared.events.touchpoint import Account
from tests.lifecycle.builders import World, action, at, deal, touch

ANN, BOB = "ann@acme.test", "bob@acme.test"
SECTION = {"owners": ["kim", "lee"]}
HALF, DUE = at(12 * 60), at(24 * 60)


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A lifecycle with two sales people, an hour after the start."""
    world = World(database_url, SECTION, now=at(60))
    yield world
    await world.close()


def timers(world: World, now: Callable[[], datetime] | None = None) -> Timers:
    """Timers of one more process on that database."""
    return Timers(world.pool, configured(SECTION).lifecycle, now or (lambda: world.now), lambda: None)


async def told(world: World) -> list[StageTransition]:
    """Every event about alarms, in the order they were told."""
    rows = await world.rows("SELECT value FROM lifecycle.outbox WHERE topic = 'stage-transitions' ORDER BY seq")
    events = [msgspec.json.decode(value, type=StageTransition) for (value,) in rows]
    return [event for event in events if event.rule.startswith("sla_")]


async def answer(world: World) -> dict[str, Any]:
    """The one answer there is."""
    async with db.transaction(world.pool) as connection:
        [row] = await connection.fetch("SELECT * FROM warehouse.fct_sales_response")
    return dict(row)


async def test_sales_answer_is_measured_from_mql(world: World) -> None:
    await world.apply(
        touch("1", 0, "meeting", email=ANN),
        action("a", 30, "contacted", ANN),
        action("b", 45, "rejected", ANN, reason="no budget"),
    )
    columns = "decision, reason, breached, business_minutes_to_contact, business_minutes_to_decision"
    rows = await world.rows(f"SELECT {columns} FROM warehouse.fct_sales_response")
    assert rows == [("rejected", "no budget", False, 30, 45)]


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_eight_contradicting_pairs_end_with_one_answer_each(world: World, order: tuple[int, ...]) -> None:
    """Each of eight leads is accepted and rejected, in whatever order the events come and by which clock."""
    for n in range(8):
        who = f"p{n}@acme.test"
        pair: tuple[LeadActionKind, LeadActionKind] = ("accepted", "rejected")
        first, second = pair if n % 2 else pair[::-1]
        events = [
            touch(f"m{n}", 0, "meeting", email=who),
            action(f"1{n}", 1, first, who, reason="first"),
            action(f"2{n}", 1 + n / 100, second, who, reason="second"),
            action(f"3{n}", 5, "contacted", who),
        ]
        for index in order:
            await world.apply(events[index])
    rows = await world.rows(
        "SELECT p.email, p.stage, r.decision, r.reason FROM warehouse.dim_person p "
        "JOIN warehouse.fct_sales_response r USING (person_id) ORDER BY 1"
    )
    assert [row[1:] for row in rows] == [("rml", "rejected", "first"), ("sal", "accepted", "first")] * 4


async def test_an_accepted_lead_given_back_keeps_its_answer_and_says_when_and_why_it_came_back(world: World) -> None:
    await world.apply(touch("1", 0, "meeting", email=ANN), action("a", 5, "accepted", ANN))
    await world.apply(action("b", 50, "recycled", ANN, reason="went silent"))
    found = await answer(world)
    assert (found["decision"], found["decided_at"], found["returned_at"]) == ("accepted", at(5), at(50))
    assert found["return_reason"] == "went silent"
    assert await world.stages() == {ANN: "lead"}


async def test_an_accept_two_seconds_before_its_mql_is_its_answer(world: World) -> None:
    await world.apply(action("a", -2 / 60, "accepted", ANN, owner="lee"), touch("1", 0, "meeting", email=ANN))
    found = await answer(world)
    assert (found["decision"], found["decided_at"], found["owner"]) == ("accepted", at(0), "lee")
    assert await world.stages() == {ANN: "sal"}


async def test_an_accept_of_an_unknown_email_makes_no_sal(world: World) -> None:
    await world.apply(action("a", 5, "accepted", ANN))
    assert await world.stages() == {ANN: "prospect"}
    assert await world.rows("SELECT * FROM warehouse.fct_sales_response") == []


async def test_who_is_first_seen_after_the_accounts_win_is_a_customer_from_then_on(world: World) -> None:
    await world.apply(deal("d", 1, "won", 2, account=Account(domain="acme.test")))
    await world.apply(touch("1", 30, email=ANN))
    rows = await world.rows("SELECT stage, stage_since, first_seen_at FROM warehouse.dim_person")
    assert rows == [("customer", at(30), at(30))]
    earliest = await world.rows("SELECT min(occurred_at) FROM warehouse.fct_stage_transition")
    assert earliest == [(at(30),)]


async def test_a_rejected_mailed_prospect_never_was_a_lead_and_a_later_pass_keeps_the_first(world: World) -> None:
    await world.apply(touch("1", 0, "email_sent", email=ANN), action("a", 5, "rejected", ANN, reason="no"))
    await world.apply(deal("d", 6, "lost", 7, contacts=[ANN]))
    [ann] = (await world.queued()).values()
    assert (ann.lead_created_at, ann.lead_created_by) == (None, None)
    form = touch("2", 8, "meeting", email=BOB)
    await world.apply(form, action("b", 9, "rejected", BOB, reason="no"), touch("3", 10, "meeting", email=BOB))
    [bob] = [p for p in (await world.queued()).values() if p.lead_created_at]
    assert (bob.lead_created_at, bob.lead_created_by) == (at(8), form.touchpoint_id)


async def test_an_unanswered_lead_rings_each_alarm_once_at_the_time_it_was_due(world: World) -> None:
    await world.apply(touch("1", 0, "meeting", email=ANN))
    assert await timers(world).ring() == 0
    world.now = at(30 * 60)
    assert [await timers(world).ring(), await timers(world).ring()] == [4, 0]
    rang = sorted((e.event, e.rule, e.occurred_at, e.owner) for e in await told(world))
    assert rang == [
        ("sla_breached", "sla_contact", DUE, "kim"), ("sla_breached", "sla_decide", DUE, "kim"),
        ("sla_warning", "sla_contact", HALF, "kim"), ("sla_warning", "sla_decide", HALF, "kim"),
    ]  # fmt: skip
    assert (await answer(world))["breached"]


async def test_accepted_and_never_called_is_a_breach_of_contact_alone(world: World) -> None:
    await world.apply(touch("1", 0, "meeting", email=ANN), action("a", 30, "accepted", ANN))
    world.now = at(30 * 60)
    await timers(world).ring()
    assert [(e.event, e.rule) for e in await told(world)] == [
        ("sla_warning", "sla_contact"),
        ("sla_breached", "sla_contact"),
    ]
    assert (await answer(world))["breached"]


@pytest.mark.parametrize("what", ["rejected", "disqualified", "recycled"])
async def test_no_call_is_owed_to_a_lead_that_sales_did_not_take(world: World, what: LeadActionKind) -> None:
    await world.apply(touch("1", 0, "meeting", email=ANN), action("a", 30, what, ANN, reason="no"))
    assert await world.rows("SELECT * FROM lifecycle.sla_timer") == []
    assert not (await answer(world))["breached"]


async def test_a_clock_moved_by_a_late_link_rings_again_and_what_it_rang_at_first_is_taken_back(world: World) -> None:
    await world.apply(touch("1", 600, "meeting", email=ANN), touch("2", 0, "meeting", anonymous_id="w1"))
    world.now = at(600 + 13 * 60)
    assert await timers(world).ring() == 2  # both warnings, half a day after the meeting that was known
    await world.apply(touch("3", 1, anonymous_id="w1", email=ANN))  # the link: they had asked ten hours before
    world.now += timedelta(minutes=1)
    assert await timers(world).ring() == 2
    half = at(1) + timedelta(hours=12)
    events = await told(world)
    first = {e.transition_id for e in events if e.event == "sla_warning" and e.occurred_at == at(600 + 12 * 60)}
    assert len(first) == 2
    assert {e.transition_id for e in events if e.event == "superseded"} == first
    assert [e.occurred_at for e in events if e.event == "sla_warning"][2:] == [half, half]


async def test_a_call_that_comes_to_be_known_late_takes_back_the_alarm_that_it_makes_wrong(world: World) -> None:
    await world.apply(touch("1", 0, "meeting", email=ANN))
    world.now = at(25 * 60)
    assert await timers(world).ring() == 4
    await world.apply(action("a", 23 * 60, "contacted", ANN))
    taken = [(e.rule, e.occurred_at) for e in await told(world) if e.event == "superseded"]
    assert taken == [("sla_contact", DUE)], "the warning at half was right, and so is the late decision"
    assert (await answer(world))["breached"], "the decision is late still"
    await world.apply(action("b", 23 * 60, "accepted", ANN))
    assert not (await answer(world))["breached"]
    assert len([e for e in await told(world) if e.event == "superseded"]) == 2


async def test_two_leads_that_turn_out_to_be_one_while_the_clock_runs_ring_once(world: World) -> None:
    await world.apply(touch("1", 0, "meeting", email=ANN), touch("2", 0, "meeting", user_id="u1"))
    world.now = at(13 * 60)
    assert await timers(world).ring() == 4
    await world.apply(touch("3", 13 * 60, email=ANN, user_id="u1"))
    world.now = at(30 * 60)
    assert await timers(world).ring() == 2
    events = await told(world)
    standing = [e for e in events if e.event != "superseded"]
    back = {e.transition_id for e in events if e.event == "superseded"}
    left = [e for e in standing if e.transition_id not in back]
    assert sorted((e.event, e.rule) for e in left) == [
        ("sla_breached", "sla_contact"), ("sla_breached", "sla_decide"),
        ("sla_warning", "sla_contact"), ("sla_warning", "sla_decide"),
    ]  # fmt: skip


async def test_a_decision_before_the_alarm_leaves_nothing_to_ring_after_a_week_of_downtime(world: World) -> None:
    """What came while nothing ran is read first; then only what is still late rings."""
    await world.apply(touch("1", 0, "meeting", email=ANN), touch("2", 0, "meeting", email=BOB))
    world.now = at(7 * 24 * 60)
    await world.apply(action("a", 60, "contacted", ANN), action("b", 70, "accepted", ANN))
    assert await timers(world).ring() == 4
    rows = await world.rows("SELECT person_id::text FROM warehouse.dim_person WHERE email = $1", BOB)
    assert {e.person_id for e in await told(world)} == {rows[0][0]}


async def test_two_processes_ring_each_alarm_once(world: World) -> None:
    for n in range(40):
        await world.apply(touch(f"{n}", 0, "meeting", email=f"p{n}@acme.test"))
    world.now = at(30 * 60)
    await asyncio.gather(*(timers(world).ring() for _ in range(4)))
    while await timers(world).ring():
        pass
    events = await told(world)
    assert len(events) == len({(e.person_id, e.event, e.rule) for e in events}) == 160


async def test_ringing_and_news_at_once_do_not_contradict_each_other(world: World) -> None:
    """One process rings what another learns was answered in time: whoever is first, nothing wrong is left standing."""
    people = [f"p{n}@acme.test" for n in range(20)]
    await world.apply(*(touch(who, 0, "meeting", email=who) for who in people))
    world.now = at(30 * 60)

    async def news() -> None:
        for who in people:
            while True:
                try:
                    await world.apply(action(f"c{who}", 60, "contacted", who), action(f"a{who}", 61, "accepted", who))
                    break
                except Exception as error:
                    if not db.is_transient(error):
                        raise

    async def bells() -> None:
        for _ in range(30):
            try:
                await timers(world).ring()
            except Exception as error:
                if not db.is_transient(error):
                    raise
            await asyncio.sleep(0)

    await asyncio.gather(news(), bells(), bells())
    events = await told(world)
    rang = {e.transition_id for e in events if e.event != "superseded"}
    back = [e.transition_id for e in events if e.event == "superseded"]
    assert sorted(back) == sorted(rang), "every alarm was for nothing: they were called and accepted in the first hour"
    assert await world.rows("SELECT count(*) FROM warehouse.fct_sales_response WHERE breached") == [(0,)]
    assert await world.rows("SELECT * FROM lifecycle.sla_timer") == []


async def test_an_owner_who_is_not_configured_is_a_dead_letter(world: World) -> None:
    await world.apply(touch("1", 0, "meeting", email=ANN), action("a", 5, "accepted", ANN, owner="mallory"))
    assert await world.stages() == {ANN: "mql"}
    letters = await world.rows("SELECT convert_from(value, 'utf8') FROM lifecycle.outbox WHERE topic = 'dead-letters'")
    assert len(letters) == 1 and "there is no owner 'mallory'; lifecycle.owners are kim, lee" in letters[0][0]


async def test_the_same_act_again_with_other_times_changes_nothing(world: World) -> None:
    await world.apply(touch("1", 0, "meeting", email=ANN), action("a", 5, "rejected", ANN, reason="no"))
    await world.apply(touch("2", 20, "meeting", email=ANN))
    before = await world.rows("SELECT * FROM warehouse.fct_sales_response ORDER BY cycle")
    await world.apply(action("a", 25, "rejected", ANN, reason="no"))
    assert await world.rows("SELECT * FROM warehouse.fct_sales_response ORDER BY cycle") == before
    assert len(before) == 2 and await world.stages() == {ANN: "mql"}


async def test_who_has_no_identifier_any_more_is_nobodys_lead(world: World) -> None:
    await world.apply(touch("1", 0, "meeting", email=ANN))
    lifecycle = configured(SECTION).lifecycle
    async with db.transaction(world.pool) as connection:
        [(person_id,)] = await connection.fetch("DELETE FROM lifecycle.identifier RETURNING person_id::text")
        with pytest.raises(NobodyThere, match="has no identifier any more"):
            await lead_of(connection, person_id, lifecycle)
        with pytest.raises(NobodyThere, match="there is no lead"):
            await lead_of(connection, ANN, lifecycle)
