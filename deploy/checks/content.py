"""Checks of what was taken in: what waits, what could not be used or computed, and identifiers that are shared."""

import asyncio
from collections.abc import Iterator

import asyncpg

from deploy.checks.finding import Finding, Situation
from deploy.supervise.backlog import Backlog, BacklogReader
from shared.errors import EngineError, Unavailable
from shared.settings import Settings

FEW = 10_000
"""Records that may wait without anybody being told: a few seconds' work."""

_LETTERS = """
SELECT count(*) AS kept, count(*) FILTER (WHERE failed_at > now() - interval '1 day') AS of_a_day
FROM ingest.dead_letter WHERE replayed_at IS NULL
"""
_WHY = """
SELECT origin, left(reason, 100) AS reason, count(*) AS times FROM ingest.dead_letter
WHERE replayed_at IS NULL GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 1
"""
_SHARED = (
    "SELECT kind, count(*) AS many FROM lifecycle.identifier WHERE shared > 0 OR crowded GROUP BY kind ORDER BY kind"
)
_NOT_COMPUTED = """
SELECT count(*) AS many, min(deal_id) AS deal_id, left(min(error), 100) AS error
FROM attribution.deal WHERE error IS NOT NULL
"""


def backlog(situation: Situation) -> Iterator[Finding]:
    """Does anything wait for long?"""
    if not _is_there(situation):
        return
    try:
        waits = asyncio.run(_backlog(situation.settings))
    except (EngineError, Unavailable):
        return  # the checks of the engines say so
    many = max(waits.parts().values(), default=0) > FEW
    todo = "Is a service not ready? Its log says why. Else wait, or start more of it." if many else ""
    yield Finding("warn" if many else "ok", "backlog", f"waiting: {waits}", todo)


def dead_letters(situation: Situation) -> Iterator[Finding]:
    """Was anything sent that could not be used?"""
    for row in _rows(situation, _LETTERS):
        if not row["kept"]:
            yield Finding("ok", "dead letters", "none")
            return
        (why,) = _rows(situation, _WHY)
        counted = f"{row['kept']:,}, {row['of_a_day']:,} of them of the last day"
        yield Finding(
            "warn",
            "dead letters",
            f"{counted}; most often {why['origin']}: {why['reason']}",
            "Mend the sender; each is whole in ingest.dead_letter.",
        )


def deals_not_computed(situation: Situation) -> Iterator[Finding]:
    """Is there a deal whose money is in no report, since it could not be credited?"""
    for row in _rows(situation, _NOT_COMPUTED):
        if row["many"]:
            told = f"{row['many']:,} could not be credited, such as {row['deal_id']}: {row['error']}"
            todo = "Is an amount, a currency or a rate wrong? A new version or rate has it computed again."
            yield Finding("warn", "deals", told, todo)
        else:
            yield Finding("ok", "deals", "all could be credited")


def shared_identifiers(situation: Situation) -> Iterator[Finding]:
    """Do strangers come under one identifier, as from a kiosk or a shared mailbox?"""
    found = {row["kind"]: row["many"] for row in _rows(situation, _SHARED)}
    if found:
        told = ", ".join(f"{many:,} {kind}" for kind, many in found.items())
        todo = "They join nobody. Is it a kiosk, a test device, or a tag that sends a constant? See docs/lifecycle.md."
        yield Finding("warn", "shared identifiers", told, todo)
    elif _is_there(situation):
        yield Finding("ok", "shared identifiers", "none")


def _is_there(situation: Situation) -> bool:
    return situation.settings.database_url is not None and situation.settings.kafka.bootstrap is not None


def _rows(situation: Situation, query: str) -> list[asyncpg.Record]:
    """The rows; none while PostgreSQL is away or not migrated, which other checks say."""
    if situation.settings.database_url is None:
        return []
    try:
        return asyncio.run(_fetched(situation.settings.postgres_url, query))
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return []


async def _fetched(url: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


async def _backlog(settings: Settings) -> Backlog:
    async with BacklogReader(settings) as reader:
        return await reader.look()
