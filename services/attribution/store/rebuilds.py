"""Rebuilds of channels: which is under way, which are in force and can be taken back, and what each covers.

A rebuild covers numbers of `warehouse.channel_rules` that are closed, so nothing is added to them meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.db import Connection

_COVERED = "SELECT rules_id FROM warehouse.channel_rules WHERE version IS DISTINCT FROM $1 ORDER BY rules_id"
_CLOSE = "UPDATE warehouse.channel_rules SET is_open = false WHERE rules_id = ANY($1) AND is_open"
_CLOSING = "SELECT pg_advisory_xact_lock(7052026, 12)"
_PLACE = """
SELECT pg_relation_filenode('warehouse.fct_touchpoint')::bigint AS filenode,
    pg_relation_size('warehouse.fct_touchpoint') / current_setting('block_size')::bigint AS blocks
"""
_UNFINISHED = "SELECT * FROM attribution.rebuild WHERE switched_at IS NULL ORDER BY rebuild_id DESC LIMIT 1"
_BEGIN = """
INSERT INTO attribution.rebuild (version, covers, versions_before, filenode, blocks, next_block)
SELECT $1, array_agg(rules_id ORDER BY rules_id), array_agg(version ORDER BY rules_id), $3, $4, 0
FROM warehouse.channel_rules WHERE rules_id = ANY($2) RETURNING *
"""
_FORGET = (
    "DELETE FROM attribution.rebuilt_touch WHERE rebuild_id = ANY($1)",
    "DELETE FROM attribution.rebuilt_spend WHERE rebuild_id = ANY($1)",
    "DELETE FROM attribution.rebuild WHERE rebuild_id = ANY($1)",
)
_OLD = """
SELECT rebuild_id FROM attribution.rebuild WHERE switched_at IS NULL OR rebuild_id NOT IN (
    SELECT rebuild_id FROM attribution.rebuild WHERE switched_at IS NOT NULL ORDER BY rebuild_id DESC LIMIT $1)
"""
_LATEST = "SELECT * FROM attribution.rebuild WHERE switched_at IS NOT NULL ORDER BY rebuild_id DESC"
_OTHERS = """
SELECT count(*) FROM warehouse.fct_touchpoint WHERE channel_rules IN (
    SELECT rules_id FROM warehouse.channel_rules WHERE version IS DISTINCT FROM $1)
"""


@dataclass(frozen=True)
class Rebuild:
    """A rebuild under way or done: to `version`, of the touches with the numbers `covers`.

    `versions_before` are those of the numbers, None where nobody noted it. Blocks of the table up to `next_block` are
    done, of `blocks`; `filenode` tells whether the table was written anew since, which moves its rows.
    """

    rebuild_id: int
    version: str
    covers: list[int]
    versions_before: list[str | None]
    filenode: int
    blocks: int
    next_block: int

    @classmethod
    def of(cls, row: Any) -> "Rebuild":
        return cls(*(row[name] for name in cls.__dataclass_fields__))


async def begin(connection: Connection, version: str) -> Rebuild | None:
    """The rebuild to `version`: the unfinished one where there is one, else a new one. None: there is nothing to do.

    Nothing is ever added again to what it covers.
    """
    await connection.execute(_CLOSING)
    covers = [row["rules_id"] for row in await connection.fetch(_COVERED, version)]
    await connection.execute(_CLOSE, covers)
    place = await connection.fetchrow(_PLACE)
    row = await connection.fetchrow(_UNFINISHED)
    if row is not None:
        unfinished = Rebuild.of(row)
        fits = unfinished.version == version and set(unfinished.covers) <= set(covers)
        if fits and unfinished.filenode == place["filenode"]:
            return unfinished
        await forget(connection, [unfinished.rebuild_id])
    if not covers or not await connection.fetchval(_OTHERS, version):
        return None
    return Rebuild.of(await connection.fetchrow(_BEGIN, version, covers, place["filenode"], place["blocks"]))


async def draft(connection: Connection, version: str) -> Rebuild | None:
    """A rebuild that is only tried: nothing is closed, so roll it back."""
    covers = [row["rules_id"] for row in await connection.fetch(_COVERED, version)]
    if not covers or not await connection.fetchval(_OTHERS, version):
        return None
    place = await connection.fetchrow(_PLACE)
    return Rebuild.of(await connection.fetchrow(_BEGIN, version, covers, place["filenode"], place["blocks"]))


async def forget(connection: Connection, rebuild_ids: Sequence[int]) -> None:
    """Forget rebuilds and what they staged."""
    for statement in _FORGET:
        await connection.execute(statement, list(rebuild_ids))


async def forget_but(connection: Connection, kept: int) -> None:
    """Forget rebuilds that were never finished, and all finished ones but the newest."""
    await forget(connection, [row["rebuild_id"] for row in await connection.fetch(_OLD, kept)])


async def in_force(connection: Connection) -> list[Rebuild]:
    """The rebuilds that can be taken back, the newest first."""
    return [Rebuild.of(row) for row in await connection.fetch(_LATEST)]


async def by_other_rules(connection: Connection, version: str) -> int:
    """How many touches were classified by another version, or nobody knows by which."""
    count: int = await connection.fetchval(_OTHERS, version)
    return count
