"""Checks of what lifecycle holds: identifiers too many share, events Kafka would not take, links nobody confirmed."""

import asyncio
from collections.abc import Iterator

import asyncpg

from deploy.checks.finding import Finding, Situation

_COUNTS = """
SELECT
  (SELECT count(*) FROM lifecycle.identifier WHERE (shared > 0 OR crowded) AND kind <> 'anonymous_id') AS shared,
  (SELECT count(*) FROM lifecycle.identifier WHERE shared > 0 AND kind = 'anonymous_id') AS kiosks,
  (SELECT count(*) FROM lifecycle.suggestion) AS suggestions,
  (SELECT count(*) FROM lifecycle.refused) AS refused
"""


def identifiers(situation: Situation) -> Iterator[Finding]:
    """Is anything shared by so many that it says nothing, or set aside?"""
    if situation.settings.database_url is None:
        return
    try:
        shared, kiosks, suggestions, refused = asyncio.run(_counts(situation.settings.postgres_url))
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return  # what is wrong with the database is found by its own check
    if shared or kiosks:
        yield Finding(
            "warn", "identifiers", f"{shared} are shared by too many to join anybody, {kiosks} browsers are kiosks",
            "SELECT kind, value FROM lifecycle.identifier WHERE shared > 0 OR crowded; junk among them belongs "
            "in identity.junk.",
        )  # fmt: skip
    else:
        yield Finding("ok", "identifiers", "none is shared by too many")
    if suggestions:
        yield Finding("ok", "suggestions", f"{suggestions} public links were not followed: lifecycle.suggestion")
    if refused:
        yield Finding(
            "warn",
            "outbox",
            f"Kafka will never take {refused} events",
            "They are whole in the table lifecycle.refused.",
        )


async def _counts(url: str) -> tuple[int, int, int, int]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        shared, kiosks, suggestions, refused = await connection.fetchrow(_COUNTS)
        return shared, kiosks, suggestions, refused
    finally:
        await connection.close()
