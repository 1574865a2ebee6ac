"""Touchpoints into warehouse.fct_touchpoint: look which are there, then COPY the others."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from services.attribution.domain.touch_row import COLUMNS
from shared.db import Connection
from shared.errors import Unavailable

_THERE = "SELECT touchpoint_id::text FROM warehouse.fct_touchpoint WHERE touchpoint_id = ANY($1::uuid[])"


async def store(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows in the order of COLUMNS; a touchpoint that is there already stays as it is.

    COPY straight into the table costs PostgreSQL half of what a detour over a temporary table does. Its price: should
    another process store the same event at the same moment, the batch is tried again (Unavailable).
    """
    there = {row["touchpoint_id"] for row in await connection.fetch(_THERE, [row[0] for row in rows])}
    new = [row for row in rows if row[0] not in there] if there else rows
    try:
        await connection.copy_records_to_table("fct_touchpoint", schema_name="warehouse", records=new, columns=COLUMNS)
    except asyncpg.UniqueViolationError as error:
        raise Unavailable("another process has just stored one of these touchpoints; trying again") from error
