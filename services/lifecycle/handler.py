"""One batch = one transaction: facts, who is who, what is new, what follows for whom, and the events that tell of it.

    1. collect    events -> facts; most touches end here, known already
    2. identify   identifiers and links are stored and locked; persons born, merged, changed
    3. record     signals, deals and account claims are stored; persons with news
    4. settle     those persons are locked, loaded and folded
    5. write      rows, transitions, answers, outbox; die anywhere: rolled back, the batch comes again

The same batch again changes nothing: every step compares with what is stored.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from services.lifecycle.batch.changes import Writing, write
from services.lifecycle.batch.evidence import record
from services.lifecycle.batch.identify import identify
from services.lifecycle.batch.letters import letters_of, resolve_actions, unknown_people, usable
from services.lifecycle.batch.people import settle
from services.lifecycle.config import Configured
from services.lifecycle.domain.collect import Facts, collect
from services.lifecycle.domain.identity.strong import DEFAULT_BOUNDS, Bounds
from services.lifecycle.ids import Mint
from services.lifecycle.memory import Memory
from services.lifecycle.store import outbox
from shared.db import Connection
from shared.kafka.consume import Record

log = structlog.get_logger()


class LifecycleHandler:
    """Applies batches of touchpoints, deals and lead actions. `clock` says what time it is."""

    def __init__(
        self,
        configured: Configured,
        clock: Callable[[], datetime],
        group: str = "lifecycle",
        bounds: Bounds = DEFAULT_BOUNDS,
    ) -> None:
        self._configured = configured
        self._bounds = bounds
        self._clock = clock
        self._group = group
        self._mint = Mint()
        self._memory = Memory()

    async def __call__(self, connection: Connection, records: Sequence[Record]) -> None:
        """Apply a batch inside the caller's transaction."""
        self._memory.forget_pending()
        config, now = self._configured.lifecycle, self._clock()
        good, unusable = usable(records, config.owners)
        facts = collect([record.event for record in good], config, self._memory.known)
        if facts.actions:
            unusable += unknown_people(good, await resolve_actions(connection, facts))
        if unusable:
            await outbox.put(connection, letters_of(self._group, unusable, now))
        if facts == Facts():
            return
        identity = await identify(connection, facts, self._memory.known.identifiers, self._mint, self._bounds)
        evidence = await record(connection, facts, identity, self._memory.known.accounts.keys())
        changes = await settle(connection, identity, evidence, config)
        await write(connection, changes, Writing(config, now, self._mint, self._configured.settle))
        self._memory.remember_when_committed(facts, identity.seen)

    def committed(self) -> None:
        """The last batch is in the database: what it stored need not be looked up again."""
        self._memory.commit()
