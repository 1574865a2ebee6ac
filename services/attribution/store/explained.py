"""What stands for one deal: its row, its state, its ledger and its credits."""

from typing import Any, NamedTuple

from shared.db import Connection

_DEAL = "SELECT * FROM warehouse.fct_deal WHERE deal_id = $1"
_STATE = """
SELECT error, EXISTS (SELECT FROM attribution.dirty_deal WHERE dirty_deal.deal_id = deal.deal_id) AS pending
FROM attribution.deal WHERE deal_id = $1
"""
_ENTRIES = """
SELECT entry_id, booking, kind, amount, currency, fx_rate, amount_base, occurred_at, recorded_at, superseded_at
FROM warehouse.fct_deal_entry WHERE deal_id = $1 ORDER BY booking, occurred_at, recorded_at, entry_id
"""
_CREDITS = """
SELECT model, entry_id, touchpoint_id, channel, position, weight, amount_base, run_id, recorded_at
FROM warehouse.fct_credit WHERE deal_id = $1 AND superseded_at IS NULL
ORDER BY model, entry_id, weight DESC, touchpoint_id
"""


class Standing(NamedTuple):
    """A deal as published. `pending`: a change waits to be computed; `error`: why it could not be."""

    deal: dict[str, Any]
    pending: bool
    error: str | None
    entries: list[dict[str, Any]]
    credits: list[dict[str, Any]]


async def standing(connection: Connection, deal_id: str) -> Standing | None:
    """What stands for the deal; None when there is no such deal."""
    deal = await connection.fetchrow(_DEAL, deal_id)
    if deal is None:
        return None
    state = await connection.fetchrow(_STATE, deal_id)
    entries = [dict(row) for row in await connection.fetch(_ENTRIES, deal_id)]
    credits = [dict(row) for row in await connection.fetch(_CREDITS, deal_id)]
    return Standing(dict(deal), state["pending"], state["error"], entries, credits)
