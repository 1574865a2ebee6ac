"""The ledger entries of deals: what is equal stays, what is not is superseded, and what is new is added."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.attribution.domain.deals.attribute import EntryFact
from shared.db import Connection

_COLUMNS = (
    "deal_id", "entry_id", "booking", "kind", "amount", "currency", "fx_rate", "amount_base", "occurred_at",
)  # fmt: skip
_STANDING = """
SELECT ctid, deal_id, entry_id::text, booking, kind, amount, currency, fx_rate, amount_base, occurred_at
FROM warehouse.fct_deal_entry WHERE deal_id = ANY($1) AND superseded_at IS NULL
"""
# Whoever calls this holds the deal's row, so nobody moves these rows meanwhile.
_SUPERSEDE = "UPDATE warehouse.fct_deal_entry SET superseded_at = $2 WHERE ctid = ANY($1::tid[])"
_MONTHS = """
SELECT date_trunc('month', at AT TIME ZONE (SELECT reporting_zone FROM attribution.setting))::date AS month
FROM unnest($1::timestamptz[]) WITH ORDINALITY AS given (at, nth) ORDER BY nth
"""


class EntryChange(NamedTuple):
    """Rows to add, and where those stand that they take the place of."""

    new: list[tuple[Any, ...]]
    gone: list[Any]


async def change(connection: Connection, entries: Mapping[str, Sequence[EntryFact]], had: Sequence[str]) -> EntryChange:
    """What it takes to make these the entries that stand; `had` are the deals that may have some already."""
    rows = [(deal_id, *entry) for deal_id, own in entries.items() for entry in own]
    if not had:
        return EntryChange(rows, [])
    standing = {tuple(row)[1:]: row["ctid"] for row in await connection.fetch(_STANDING, had)}
    return EntryChange([row for row in rows if standing.pop(row, None) is None], list(standing.values()))


async def apply(connection: Connection, change: EntryChange, at: datetime) -> None:
    """Make the change, as of the stamp `at`."""
    if change.gone:
        await connection.execute(_SUPERSEDE, change.gone, at)
    await connection.copy_records_to_table(
        "fct_deal_entry",
        schema_name="warehouse",
        columns=(*_COLUMNS, "recorded_at"),
        records=[(*row, at) for row in change.new],
    )


async def months(connection: Connection, moments: Sequence[datetime]) -> dict[datetime, Any]:
    """The month each moment is in, in the reporting zone, by its first day."""
    distinct = sorted(set(moments))
    return dict(zip(distinct, (row["month"] for row in await connection.fetch(_MONTHS, distinct)), strict=True))
