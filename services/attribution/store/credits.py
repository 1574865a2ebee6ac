"""Credits as they are stored: a row per ledger entry and part, what stands apart from what stood once."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from services.attribution.domain.deals.lines import Credits
from services.attribution.domain.ledger.money import WHOLE
from services.attribution.store import copying
from shared.db import Connection

_COLUMNS = (
    "entry_id", "part", "deal_id", "kind", "month", "models", "touchpoint_ids", "origins", "positions", "begins",
    "firsts", "weights", "amounts", "unit_exponent", "run_id", "recorded_at",
)  # fmt: skip
_STANDING = """
SELECT deal_id, entry_id::text, part, kind, month, models, array_to_string(touchpoint_ids, '') AS touchpoint_ids,
    origins, positions, begins, firsts, weights, amounts, unit_exponent, run_id
FROM attribution.credit WHERE deal_id = ANY($1) ORDER BY deal_id, entry_id, part
"""
_SUPERSEDE = """
WITH gone AS (
    DELETE FROM attribution.credit
    USING unnest($1::uuid[], $2::int[]) AS named (entry_id, part)
    WHERE credit.entry_id = named.entry_id AND credit.part = named.part RETURNING credit.*
)
INSERT INTO attribution.credit_past SELECT gone.*, $3 FROM gone
"""
_IN_OTHER_MONTH = """
SELECT DISTINCT credit.deal_id FROM attribution.credit JOIN warehouse.fct_deal_entry AS entry
    ON entry.deal_id = credit.deal_id AND entry.entry_id = credit.entry_id AND entry.superseded_at IS NULL
WHERE credit.month <> date_trunc('month', entry.occurred_at AT TIME ZONE $1)::date
"""
_SET_MONTHS = """
UPDATE attribution.credit SET month = date_trunc('month', entry.occurred_at AT TIME ZONE $1)::date
FROM warehouse.fct_deal_entry AS entry
WHERE credit.deal_id = ANY($2) AND entry.deal_id = credit.deal_id AND entry.entry_id = credit.entry_id
    AND entry.superseded_at IS NULL
"""
_DAY_0 = date(2000, 1, 1).toordinal()


async def standing(connection: Connection, deal_ids: Sequence[str]) -> list[Credits]:
    """Every row of these deals that stands."""
    return [_credits(row) for row in await connection.fetch(_STANDING, deal_ids)]


def _credits(row: Any) -> Credits:
    amounts = row["amounts"]
    weights = np.array(row["weights"], dtype=np.float64)
    kept = np.flatnonzero(weights)
    begins = np.array(row["begins"], dtype=np.int64) - 1
    of_model = np.searchsorted(begins, kept, side="right") - 1
    return Credits(
        row["deal_id"],
        row["entry_id"],
        row["part"],
        row["kind"],
        row["month"],
        tuple(row["models"]),
        bytes.fromhex(row["touchpoint_ids"].replace("-", "")),
        np.array(row["origins"], dtype=np.int64),
        np.array(row["positions"], dtype=np.int64),
        of_model,
        np.array(row["firsts"], dtype=np.int64)[of_model] - 1 + kept - begins[of_model],
        np.rint(weights[kept] * WHOLE).astype(np.int64),
        None if amounts is None else np.array(amounts, dtype=np.int64)[kept],
        Decimal(1).scaleb(row["unit_exponent"]),
        row["run_id"],
    )


async def in_other_months(connection: Connection, zone: str) -> list[str]:
    """The deals with an entry that is in another month in this zone than its credits say."""
    return [row["deal_id"] for row in await connection.fetch(_IN_OTHER_MONTH, zone)]


async def set_months(connection: Connection, zone: str, deal_ids: Sequence[str]) -> None:
    """Give the credits of these deals the months of this zone; call it with the stamp's lock held."""
    await connection.execute(_SET_MONTHS, zone, deal_ids)


async def supersede(connection: Connection, rows: Sequence[Credits], at: datetime) -> None:
    """Move these rows to what stood once, as of the stamp `at`."""
    if rows:
        await connection.execute(_SUPERSEDE, [row.entry_id for row in rows], [row.part for row in rows], at)


def encoded(rows: Iterable[Credits]) -> list[list[bytes]]:
    """The rows as COPY takes them but for `recorded_at`, which `add` puts last: the costly half of adding them."""
    return [_fields(row) for row in rows]


async def add(connection: Connection, rows: Sequence[list[bytes]], at: datetime) -> None:
    """Add what `encoded` gave, recorded at the stamp `at`."""
    if rows:
        micros = round((at - datetime(2000, 1, 1, tzinfo=at.tzinfo)).total_seconds() * 1_000_000)
        stamp = copying.integer(micros, 8)
        await copying.write(connection, "credit", _COLUMNS, [copying.row((*fields, stamp)) for fields in rows])


def _fields(row: Credits) -> list[bytes]:
    touches = np.frombuffer(row.touchpoint_ids, dtype="V16")
    exponent = row.unit.as_tuple().exponent
    # Each model's credits from its first touch to its last: where they begin, and where every credit is.
    starts = np.searchsorted(row.of_model, np.arange(len(row.models)))
    firsts, lasts = row.of_touch[starts], row.of_touch[np.append(starts[1:], len(row.of_touch)) - 1]
    ends = np.cumsum(lasts - firsts + 1)
    begins = np.append(0, ends[:-1])
    at = (begins - firsts)[row.of_model] + row.of_touch
    weights = np.zeros(ends[-1])
    weights[at] = row.weights / WHOLE
    amounts = np.zeros(ends[-1], dtype=np.int64)
    if row.amounts is not None:
        amounts[at] = row.amounts
    return [
        copying.raw(bytes.fromhex(row.entry_id.replace("-", ""))),
        copying.integer(row.part, 2),
        copying.text(row.deal_id),
        copying.text(row.kind),
        copying.integer(row.month.toordinal() - _DAY_0, 4),
        copying.texts(row.models),
        copying.array(touches, "V16") if len(touches) else copying.nulls(1, "V16"),
        copying.array(row.origins, ">i4"),
        copying.array(row.positions, ">i2"),
        copying.array(begins + 1, ">i4"),
        copying.array(firsts + 1, ">i4"),
        copying.array(weights, ">f8"),
        copying.NULL if row.amounts is None else copying.array(amounts, ">i8"),
        copying.integer(int(exponent), 2),
        copying.integer(row.run_id, 8),
    ]
