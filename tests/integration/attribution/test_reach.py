"""Pages, visitors and leads are counted as they would be from all events at once, whatever came when."""

import random
from datetime import date

import asyncpg
import pytest

from services.attribution.store import setting
from shared import db
from shared.events.person import IdentifierSpan
from tests.integration.attribution.company import ADS, MAIL, day, email, person, random_company, touch
from tests.integration.attribution.reach_reference import reach
from tests.integration.attribution.taking import Taking, split

MINUTE = 1 / 1440
REPORT = "SELECT * FROM warehouse.vanity_metrics"


async def counted(attribution: Taking) -> set[tuple[str, date, int, int, int]]:
    """The report's rows."""
    await attribution.count(at_once=random.Random(1).choice([1, 7, 1000]))
    return {tuple(row.values()) for row in await attribution.rows(REPORT)}


@pytest.mark.parametrize("seed", range(4))
async def test_the_report_is_what_a_plain_count_of_all_events_says(attribution: Taking, seed: int) -> None:
    chance = random.Random(seed)
    events = random_company(seed)
    for n in range(60):  # visits of one page after the other, some of them over the turn of a month
        who, at = chance.randrange(12), chance.choice([3.0, 30.6, 30.62])
        at += chance.randrange(90) * MINUTE
        by = {"anonymous_id": f"a{who}"} | ({"email": f"p{who}@c{who % 4}.com"} if chance.random() < 0.3 else {})
        events.append(touch(f"{seed}/visit/{n}", at, chance.choice([ADS, None, None]), **by))
    chance.shuffle(events)
    for batch in split(events, 40):
        await attribution.batch(*batch)
        if chance.random() < 0.5:
            await attribution.count(at_once=chance.choice([1, 20, 1000]))
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        async with db.transaction(attribution.pool) as connection:
            await setting.store(connection, zone, "USD")
        stored = await attribution.rows("SELECT touchpoint_id::text, channel, earns_credit FROM warehouse.touchpoint")
        channels = {row["touchpoint_id"]: row["channel"] for row in stored}
        earning = {row["touchpoint_id"] for row in stored if row["earns_credit"]}
        assert await counted(attribution) == reach(events, channels, earning, zone)


async def test_reach_counts_pages_for_the_visit_and_leads_for_the_first_touch(attribution: Taking) -> None:

    await attribution.take(
        touch("1", 1, ADS),
        touch("2", 1 + 5 * MINUTE, None),
        touch("3", 1 + 30 * MINUTE, None, kind="form_submit"),
        touch("4", 3, None),
        touch("5", 3, None, anonymous_id="bot", user_agent="Googlebot/2.1 (+http://www.google.com/bot.html)"),
        person(lead_created_at=day(1 + 30 * MINUTE)),
    )
    rows = await attribution.rows("SELECT * FROM warehouse.vanity_metrics ORDER BY channel")
    assert [tuple(row.values())[0:1] + tuple(row.values())[2:] for row in rows] == [
        ("Direct", 1, 1, 0),
        ("Paid Search", 2, 1, 1),
    ]


async def test_a_visit_that_is_identified_halfway_is_one_visitor_of_what_began_it(attribution: Taking) -> None:
    await attribution.batch(
        touch("1", 1, ADS),
        touch("2", 1 + 5 * MINUTE, None, anonymous_id="a1", email="ann@acme.com"),
        touch("3", 1 + 9 * MINUTE, None, anonymous_id="a1", email="ann@acme.com"),
    )
    assert await counted(attribution) == {
        ("Paid Search", date(2026, 3, 1), 1, 1, 0),
        ("Direct", date(2026, 3, 1), 2, 1, 0),
    }
    await attribution.batch(person())
    assert await counted(attribution) == {("Paid Search", date(2026, 3, 1), 3, 1, 0)}


async def test_a_browser_that_changes_hands_is_two_visitors(attribution: Taking) -> None:
    until = day(5)
    await attribution.batch(
        touch("1", 1, MAIL),
        touch("2", 9, MAIL),
        person(identifiers=(email("ann@acme.com"), IdentifierSpan("anonymous_id", "a1", until=until))),
        person("bob", identifiers=(email("bob@acme.com"), IdentifierSpan("anonymous_id", "a1", since=until))),
    )
    assert await counted(attribution) == {("Email", date(2026, 3, 1), 2, 2, 0)}
    await attribution.batch(person("bob", 2, identifiers=(), merged_into=person().person_id), person("ann", 2))
    assert await counted(attribution) == {("Email", date(2026, 3, 1), 2, 1, 0)}


async def test_while_two_people_claim_a_browser_each_touch_has_one_owner(attribution: Taking) -> None:
    """Lifecycle tells of two people in two events: until the second has come, both may claim it."""
    await attribution.batch(touch("1", 1, MAIL), touch("2", 9, MAIL), person())
    await attribution.batch(
        person("bob", identifiers=(IdentifierSpan("anonymous_id", "a1", since=day(5), until=day(95)),))
    )
    owners = "SELECT person_id::text FROM warehouse.touchpoint ORDER BY occurred_at"
    assert await attribution.rows(owners) == [{"person_id": person().person_id}, {"person_id": person("bob").person_id}]
    assert await counted(attribution) == {("Email", date(2026, 3, 1), 2, 2, 0)}


async def test_the_report_reads_sums_and_one_persons_touches_come_by_index(database_url: str) -> None:
    """With millions of touches neither may read them all."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET enable_seqscan = off")

    async def plan(query: str) -> str:
        return "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {query}"))

    assert "fct_touchpoint" not in await plan(REPORT)
    for of, index in (
        (f"person_id = '{person().person_id}'", "identifier_span_person"),
        ("account_id = 'acme'", "membership_account"),
    ):
        way = await plan(f"SELECT * FROM warehouse.touchpoint WHERE {of}")
        assert index in way
        assert "Index Scan using fct_touchpoint_identity" in way
    await connection.close()
