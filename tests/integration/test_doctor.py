"""What doctor says of what was taken in, by a real database and a real Kafka."""

import asyncio

import asyncpg

from deploy.checks.content import backlog, dead_letters, deals_not_computed, shared_identifiers
from deploy.checks.finding import Situation
from shared.settings import Settings


async def execute(settings: Settings, statement: str) -> None:
    connection = await asyncpg.connect(settings.postgres_url)
    await connection.execute(statement)
    await connection.close()


def test_doctor_tells_dead_letters_shared_identifiers_and_what_waits(settings: Settings) -> None:
    situation = Situation(settings, None)
    for check in (backlog, dead_letters, shared_identifiers):
        assert [finding.level for finding in check(situation)] == ["ok"]

    asyncio.run(
        execute(
            settings,
            """INSERT INTO ingest.dead_letter (dead_letter_id, origin, reason, body, encoding, failed_at)
            SELECT gen_random_uuid(), 'ingest:/v1/deals', 'amount: must be a number', '{}', 'utf-8', now()
            FROM generate_series(1, 3)""",
        )
    )
    asyncio.run(
        execute(
            settings,
            """INSERT INTO lifecycle.identifier (kind, value, first_at, first_id, last_at, shared)
            VALUES ('anonymous_id', 'kiosk', now(), 'a', now(), 2)""",
        )
    )
    (letters,) = dead_letters(situation)
    assert letters.level == "warn"
    assert letters.detail == ("3, 3 of them of the last day; most often ingest:/v1/deals: amount: must be a number")
    (shared,) = shared_identifiers(situation)
    assert (shared.level, shared.detail) == ("warn", "1 anonymous_id")


def test_doctor_tells_deals_whose_money_is_in_no_report(settings: Settings) -> None:
    situation = Situation(settings, None)
    (found,) = deals_not_computed(situation)
    assert found.level == "ok"
    asyncio.run(
        execute(
            settings,
            "INSERT INTO attribution.deal (deal_id, touched_until, error) VALUES ('d1', now(), 'a rate of 10^12')",
        )
    )
    (found,) = deals_not_computed(situation)
    assert (found.level, found.detail) == ("warn", "1 could not be credited, such as d1: a rate of 10^12")
