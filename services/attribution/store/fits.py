"""Runs of the fitted models: which is the newest, what it saw and what it learnt. One process fits at a time."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from services.attribution.domain.models.fitting import Fit
from services.attribution.domain.terms import Terms
from shared.db import Connection

_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(7052026, 11)"
# The sequence counts the marks ever made, those long deleted too.
_LOOK = """
SELECT clock_timestamp() AS now, EXISTS (SELECT FROM attribution.dirty_deal) AS waiting,
    EXISTS (SELECT FROM warehouse.fct_deal WHERE status = 'won') AS won,
    (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM attribution.dirty_deal_mark_id_seq) AS made,
    run_id, looked_at, run.model_config::text, fitted.marks, fitted.journeys
FROM (VALUES (1)) AS always
LEFT JOIN (attribution.fitted JOIN warehouse.attribution_run AS run USING (run_id)) ON true
"""
_RUN = """
INSERT INTO warehouse.attribution_run (reason, started_at, finished_at, model_config, channel_rules_version, deals)
VALUES ($1, $2, clock_timestamp(), $3, $4, $5) RETURNING run_id
"""
_REMEMBER = """
INSERT INTO attribution.fitted (run_id, looked_at, marks, journeys) VALUES ($1, $2, $3, $4)
ON CONFLICT (only_row) DO UPDATE SET run_id = excluded.run_id, looked_at = excluded.looked_at,
    marks = excluded.marks, journeys = excluded.journeys
"""
_RESULT = ("run_id", "model", "channel", "removal_effect", "share", "conversions", "value_base")
_NOTED = "SELECT run_id, reason, started_at, finished_at, deals FROM warehouse.attribution_run WHERE run_id = $1"
_RESULTS = """
SELECT model, channel, removal_effect, share, conversions, value_base FROM warehouse.model_result
WHERE run_id = $1 ORDER BY model, share DESC, channel
"""


async def lock(connection: Connection) -> bool:
    """Whether this process may fit now; the lock goes with the transaction."""
    got: bool = await connection.fetchval(_TRY_LOCK)
    return got


async def situation(connection: Connection) -> Mapping[str, Any]:
    """Marks, deals and the newest run, as `runs.fit.look` reads them."""
    row: Mapping[str, Any] = await connection.fetchrow(_LOOK)
    return row


async def note(
    connection: Connection,
    terms: Terms,
    rules: str | None,
    reason: str,
    began: datetime,
    deals: int,
    fits: Mapping[str, Fit],
) -> int:
    """Note a run and what it learnt; its id."""
    config = msgspec.json.encode(terms.model_config).decode()
    run_id: int = await connection.fetchval(_RUN, reason, began, config, rules, deals)
    rows = [(run_id, name, *row) for name, learnt in fits.items() for row in _rows(learnt)]
    await connection.copy_records_to_table("model_result", schema_name="warehouse", columns=_RESULT, records=rows)
    return run_id


async def remember(connection: Connection, run_id: int, looked_at: datetime, marks: int, journeys: str) -> None:
    """Make this the newest run, which saw so many marks ever made and journeys of this digest."""
    await connection.execute(_REMEMBER, run_id, looked_at, marks, journeys)


async def described(connection: Connection, run_id: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The run, and its results."""
    run = await connection.fetchrow(_NOTED, run_id)
    return dict(run), [dict(row) for row in await connection.fetch(_RESULTS, run_id)]


def _rows(learnt: Fit) -> list[tuple[Any, ...]]:
    """Per channel; a model without removal effects has null there."""
    columns = (learnt.removal_effect, learnt.share, learnt.conversions, learnt.value)
    each = zip(learnt.channels, *(column.tolist() for column in columns), strict=True)
    return [(channel, None if math.isnan(effect) else effect, *rest) for channel, effect, *rest in each]
