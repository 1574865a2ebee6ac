"""The task that takes up marks: at once when it is quiet, patiently when batches pour in.

A deal that is touched all the time would otherwise be computed after every batch, for nothing: only its last state is
ever looked at.
"""

import asyncio
import time
from contextlib import suppress

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution import metrics
from services.attribution.domain.terms import Terms
from services.attribution.recompute.compute import Done, compute
from services.attribution.recompute.start import prepare
from services.attribution.store.claims import Waiting, give_up, newest_mark, waiting
from services.attribution.traffic import Traffic
from shared import db
from shared.errors import Unavailable

log = structlog.get_logger()

CHUNK = 500
"""Deals in one transaction: enough for the numbers to be done in bulk, few enough to hold their rows briefly."""

_POURING, _LOOK_SECONDS, _IMPORT_SECONDS = 100, 0.5, 20.0
"""An import: so many marks wait, and so many more from one look to the next. It is waited for, but not for ever."""

_POLL_SECONDS = 1.0
_PATIENCE_SECONDS = 3.0
_REST, _REST_AT_MOST = 4, 5.0  # times as long as it worked: under a steady trickle it takes a fifth of a core at most


class Worker:
    """Computes marked deals until told to stop. Several processes may each run one."""

    def __init__(self, pool: AsyncEngine, terms: Terms, traffic: Traffic) -> None:
        """`traffic` tells a quiet time from load."""
        self._pool = pool
        self._terms = terms
        self._traffic = traffic
        self._woken = asyncio.Event()
        self._most = CHUNK
        self._worked = (0.0, 0.0)

    def wake(self) -> None:
        """Marks may have been committed."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; while PostgreSQL is away it tries again."""
        prepared = False
        while not stop.is_set():
            try:
                if not prepared:
                    await prepare(self._pool, self._terms)
                    prepared = True
                await self._pass(stop)
            except Exception as error:
                if not _passes(error):
                    raise
                log.warning("recompute_waits", error=repr(error))
                await _sleep(stop, _POLL_SECONDS)
            await self._rest(stop)

    async def _pass(self, stop: asyncio.Event) -> None:
        """Every deal that is marked now. Those marked meanwhile wait for the next pass, or it might never end."""
        self._woken.clear()
        await self._let_pour(stop)
        began = time.monotonic()
        async with db.transaction(self._pool) as connection:
            upto = await newest_mark(connection)
        while upto is not None and not stop.is_set():
            done = await self._chunk(upto)
            if not done.deals:
                break
        self._worked = (time.monotonic() - began, time.monotonic())

    async def _let_pour(self, stop: asyncio.Event) -> None:
        """While an import pours in: its people and touches bear on deals that came before them, and a deal computed
        after each would be written, and superseded, as often."""
        ends = time.monotonic() + _IMPORT_SECONDS
        marks = await self._look()
        while marks.waiting >= _POURING and time.monotonic() < ends and not stop.is_set():
            await _sleep(stop, _LOOK_SECONDS)
            before, marks = marks, await self._look()
            if marks.newest - before.newest < _POURING:
                return

    async def _look(self) -> Waiting:
        async with db.transaction(self._pool) as connection:
            return await waiting(connection, _POURING)

    async def _chunk(self, upto: int) -> Done:
        """One chunk. When a deal in it cannot be computed, smaller ones, until that deal is alone and set aside."""
        most = self._most
        try:
            with metrics.RECOMPUTE_SECONDS.time():
                done = await compute(self._pool, self._terms, most, upto)
        except Exception as error:
            if _passes(error):
                raise
            self._most = max(1, most // 8)
            if most == 1:
                async with db.transaction(self._pool) as connection:
                    deal_id = await give_up(connection, upto, repr(error))
                log.exception("deal_not_computed", deal_id=deal_id)
                metrics.RECOMPUTED.labels("failed").inc()
            return Done(1, 0)
        self._most = min(CHUNK, most * 2)
        metrics.RECOMPUTED.labels("changed").inc(done.changed)
        metrics.RECOMPUTED.labels("unchanged").inc(done.deals - done.changed)
        return done

    async def _rest(self, stop: asyncio.Event) -> None:
        """Until there may be marks, and for as long as the last pass makes fit."""
        took, ended = self._worked
        if not self._woken.is_set():
            await _sleep(stop, _POLL_SECONDS, self._woken)
        await _sleep(stop, ended + min(_REST * took, _REST_AT_MOST) - time.monotonic())
        while self._traffic.is_heavy() and time.monotonic() < ended + _PATIENCE_SECONDS and not stop.is_set():
            await _sleep(stop, 0.05)


async def _sleep(stop: asyncio.Event, seconds: float, also: asyncio.Event | None = None) -> None:
    """Sleep, at most so long, until `stop` or the other event is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in (stop, also) if event is not None]
    await asyncio.wait(waits, timeout=max(0, seconds), return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
        with suppress(asyncio.CancelledError):
            await wait


def _passes(error: Exception) -> bool:
    """Whether the same work may succeed later: the data is not at fault."""
    return isinstance(error, Unavailable) or db.is_transient(error)
