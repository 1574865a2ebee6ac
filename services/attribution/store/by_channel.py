"""What stands by channel; a rebuild compares it with what would."""

from typing import Any

from shared.db import Connection

_COUNTS = """
SELECT channel, count(*) AS touches, count(*) FILTER (WHERE earns_credit) AS earning
FROM warehouse.fct_touchpoint GROUP BY channel
"""
_REVENUE = "SELECT model, channel, sum(revenue) AS revenue FROM warehouse.revenue_by_channel GROUP BY model, channel"


async def touches(connection: Connection) -> dict[str, tuple[int, int]]:
    """Per channel how many touches there are, and how many of them earn credit."""
    return {row["channel"]: (row["touches"], row["earning"]) for row in await connection.fetch(_COUNTS)}


async def revenue(connection: Connection) -> list[Any]:
    """What stands: model, channel, revenue in the base currency."""
    rows: list[Any] = await connection.fetch(_REVENUE)
    return rows
