"""Checks of what lifecycle set aside: links that nobody confirmed, events that Kafka would not take."""

import asyncio
from collections.abc import Iterator

import asyncpg

from deploy.checks.finding import Finding, Situation

_COUNTS = """
SELECT
  (SELECT count(*) FROM lifecycle.suggestion) AS suggestions,
  (SELECT count(*) FROM lifecycle.refused) AS refused
"""


def set_aside(situation: Situation) -> Iterator[Finding]:
    """Was anything set aside?"""
    if situation.settings.database_url is None:
        return
    try:
        suggestions, refused = asyncio.run(_counts(situation.settings.postgres_url))
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return  # what is wrong with the database is found by its own check
    if suggestions:
        yield Finding("ok", "suggestions", f"{suggestions} public links were not followed: lifecycle.suggestion")
    if refused:
        yield Finding(
            "warn",
            "outbox",
            f"Kafka will never take {refused} events",
            "They are whole in the table lifecycle.refused.",
        )


async def _counts(url: str) -> tuple[int, int]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        suggestions, refused = await connection.fetchrow(_COUNTS)
        return suggestions, refused
    finally:
        await connection.close()
