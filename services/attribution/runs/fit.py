"""One run: every journey into the fitted models, what they learnt into the warehouse, and every deal marked.

What happens when the process dies:
1. look      nothing is written yet
2. lock      one process fits at a time; the lock is of the transaction, so it goes with it
3. learn     only reads; batches and recomputes go on beside it
4. note      run, results and marks in one commit: either all deals are due to be credited by this run, or it never was
"""

import asyncio

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.domain.models.fitting import Fit
from services.attribution.domain.terms import Terms
from services.attribution.runs.due import Last, Situation
from services.attribution.runs.journeys import journeys
from services.attribution.store import channel_rules, fits, marks
from shared import db
from shared.db import Connection
from shared.errors import ClosedloopError


class FitUnderWay(ClosedloopError):
    """Another process is fitting now; ask again in a while."""


async def look(connection: Connection) -> Situation:
    """Whether there is anything to fit, and what the latest run saw."""
    row = await fits.situation(connection)
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
        if not await fits.lock(connection):
            raise FitUnderWay("another run is under way; ask again in a while")
        last = (await look(connection)).last
        walks = await journeys(connection, terms)
        digest = await asyncio.to_thread(walks.digest)
        if last and last.model_config == terms.model_config and last.journeys == digest:
            await fits.remember(connection, last.run_id, before.now, before.marks, last.journeys)
            return last.run_id
        paths = await asyncio.to_thread(walks.paths)
        learnt: dict[str, Fit] = {}
        for name, model in terms.fitted.items():
            if paths.touches:
                learnt[name] = await asyncio.to_thread(model.fit, paths)
        rules = await channel_rules.version_of(connection, walks.channel_rules, terms.channel_rules_version)
        run_id = await fits.note(connection, terms, rules, reason, before.now, walks.deals, learnt)
        await marks.lock(connection)
        marked = await marks.credited(connection)
        # The run's own marks are no news to the next one.
        await fits.remember(connection, run_id, before.now, before.marks + marked, digest)
        return run_id
