"""Touchpoints into warehouse.fct_touchpoint: COPY into a temporary table, then one insert that skips what is there."""

from collections.abc import Sequence
from typing import Any

from services.attribution.touch_row import COLUMNS
from shared.db import Connection

_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS incoming_touchpoint (LIKE warehouse.fct_touchpoint) ON COMMIT DELETE ROWS
"""
_COLUMNS = ", ".join(COLUMNS)
_INSERT = f"""
INSERT INTO warehouse.fct_touchpoint ({_COLUMNS})
SELECT {_COLUMNS} FROM incoming_touchpoint ON CONFLICT (touchpoint_id) DO NOTHING
"""  # noqa: S608 - the names are ours


async def store(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows in the order of COLUMNS; a touchpoint that is there already stays as it is."""
    await connection.execute(_STAGE)
    await connection.copy_records_to_table("incoming_touchpoint", records=rows, columns=COLUMNS)
    await connection.execute(_INSERT)
