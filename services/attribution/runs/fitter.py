"""The task that makes runs when they are due, beside the one that takes up marks: deals are computed meanwhile."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution import metrics
from services.attribution.domain.terms import Terms
from services.attribution.runs.due import due
from services.attribution.runs.fit import FitUnderWay, fit, look
from shared import db

log = structlog.get_logger()

_POLL_SECONDS = 2.0
_AFTER_FAILURE_SECONDS = 300.0


class Fitter:
    """Fits until told to stop. Several processes may each run one; one of them fits at a time."""

    def __init__(self, pool: AsyncEngine, terms: Terms, pause: timedelta) -> None:
        """`pause` is the least time between two runs."""
        self._pool = pool
        self._terms = terms
        self._pause = pause

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; a run that is under way then is given up, and made by the next process that looks."""
        if not self._terms.fitted:
            return
        work = asyncio.ensure_future(self._forever())
        told = asyncio.ensure_future(stop.wait())
        await asyncio.wait((work, told), return_when=asyncio.FIRST_COMPLETED)
        work.cancel()
        told.cancel()
        await asyncio.gather(work, told, return_exceptions=True)

    async def _forever(self) -> None:
        while True:
            pause = _POLL_SECONDS
            try:
                await self.fit_if_due()
            except FitUnderWay:
                pass
            except Exception as error:
                if db.is_transient(error):
                    log.warning("fit_waits", error=repr(error))
                else:
                    # Rule models go on: a fit that fails on these journeys must not take the service with it.
                    log.exception("fit_failed")
                    pause = _AFTER_FAILURE_SECONDS
            await asyncio.sleep(pause)

    async def fit_if_due(self) -> int | None:
        """The run made, or None."""
        async with db.transaction(self._pool) as connection:
            reason = due(await look(connection), self._terms.model_config, self._pause)
        if reason is None:
            return None
        with metrics.FIT_SECONDS.time():
            run_id = await fit(self._pool, self._terms, reason)
        log.info("fitted", run_id=run_id, reason=reason)
        return run_id
