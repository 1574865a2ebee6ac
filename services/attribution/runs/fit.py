"""One run: every journey into the fitted models, what they learnt into the warehouse, and every deal marked.

What happens when the process dies:
1. look      nothing is written yet
2. lock      one process fits at a time; the lock is of the transaction, so it goes with it
3. learn     only reads; batches and recomputes go on beside it
4. note      run, results and marks in one commit: either all deals are due to be credited by this run, or it never was
"""

import asyncio
import math
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.domain.models.fitting import Fit
from services.attribution.domain.terms import Terms
from services.attribution.runs.due import Last, Situation
from services.attribution.runs.journeys import journeys
from services.attribution.store import channel_rules, marks
from shared import db
from shared.db import Connection
from shared.errors import ClosedloopError

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
_MARK_ALL = """
INSERT INTO attribution.dirty_deal (deal_id) SELECT deal_id FROM attribution.deal
WHERE EXISTS (SELECT FROM warehouse.fct_deal_entry AS entry
              WHERE entry.deal_id = deal.deal_id AND superseded_at IS NULL)
"""
_REMEMBER = """
INSERT INTO attribution.fitted (run_id, looked_at, marks, journeys) VALUES ($1, $2, $3, $4)
ON CONFLICT (only_row) DO UPDATE SET run_id = excluded.run_id, looked_at = excluded.looked_at,
    marks = excluded.marks, journeys = excluded.journeys
"""
_RESULT = ("run_id", "model", "channel", "removal_effect", "share", "conversions", "value_base")


class FitUnderWay(ClosedloopError):
    """Another process is fitting now; ask again in a while."""


async def look(connection: Connection) -> Situation:
    """Whether there is anything to fit, and what the latest run saw."""
    row = await connection.fetchrow(_LOOK)
    last = None
    if row["run_id"] is not None:
        config = msgspec.json.decode(row["model_config"])
        last = Last(row["run_id"], row["looked_at"], config, row["marks"], row["journeys"])
    return Situation(row["now"], last, row["made"], row["won"], row["waiting"])


async def fit(pool: AsyncEngine, terms: Terms, reason: str) -> int:
    """The run that says what all journeys say now: a new one, or the latest when it still does.

    Raises FitUnderWay when another process is at it.
    """
    async with db.transaction(pool) as connection:
        await marks.lock(connection)  # or a mark counted here could stand for a change that is not committed yet
        before = await look(connection)
    async with db.transaction(pool) as connection:
        if not await connection.fetchval(_TRY_LOCK):
            raise FitUnderWay("another run is under way; ask again in a while")
        last = (await look(connection)).last
        walks = await journeys(connection, terms)
        digest = await asyncio.to_thread(walks.digest)
        if last and last.model_config == terms.model_config and last.journeys == digest:
            await connection.execute(_REMEMBER, last.run_id, before.now, before.marks, last.journeys)
            return last.run_id
        paths = await asyncio.to_thread(walks.paths)
        fits: dict[str, Fit] = {}
        for name, model in terms.fitted.items():
            if paths.touches:
                fits[name] = await asyncio.to_thread(model.fit, paths)
        rules = await channel_rules.version_of(connection, walks.channel_rules, terms.channel_rules_version)
        run_id = await _note(connection, terms, rules, reason, before.now, walks.deals, fits)
        await marks.lock(connection)
        marked = int((await connection.execute(_MARK_ALL)).split()[-1])
        # The run's own marks are no news to the next one.
        await connection.execute(_REMEMBER, run_id, before.now, before.marks + marked, digest)
        return run_id


async def _note(
    connection: Connection,
    terms: Terms,
    rules: str | None,
    reason: str,
    began: datetime,
    deals: int,
    fits: dict[str, Fit],
) -> int:
    config = msgspec.json.encode(terms.model_config).decode()
    run_id: int = await connection.fetchval(_RUN, reason, began, config, rules, deals)
    rows = [(run_id, name, *row) for name, learnt in fits.items() for row in _rows(learnt)]
    await connection.copy_records_to_table("model_result", schema_name="warehouse", columns=_RESULT, records=rows)
    return run_id


def _rows(learnt: Fit) -> list[tuple[Any, ...]]:
    """Per channel; a model without removal effects has null there."""
    columns = (learnt.removal_effect, learnt.share, learnt.conversions, learnt.value)
    each = zip(learnt.channels, *(column.tolist() for column in columns), strict=True)
    return [(channel, None if math.isnan(effect) else effect, *rest) for channel, effect, *rest in each]
