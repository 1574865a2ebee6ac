"""Attribution without Kafka: batches into the handler, marks into recomputes, and what the warehouse then says."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.config import Attribution
from services.attribution.domain.channels import Classifier, EarningKinds, channel_rules
from services.attribution.handler import Handler
from services.attribution.recompute.compute import Done, compute
from services.attribution.store import reach
from services.attribution.store.claims import newest_mark
from shared import db
from shared.kafka.consume import Record

FACTS = {
    "touchpoints": "SELECT * FROM warehouse.touchpoint ORDER BY touchpoint_id",
    "deals": "SELECT * FROM warehouse.fct_deal ORDER BY deal_id",
    "entries": """
        SELECT entry_id, deal_id, booking, kind, amount, currency, fx_rate, amount_base, occurred_at
        FROM warehouse.fct_deal_entry WHERE superseded_at IS NULL ORDER BY entry_id""",
    "credits": """
        SELECT model, deal_id, entry_id, touchpoint_id, channel, position, weight, amount_base
        FROM warehouse.fct_credit WHERE superseded_at IS NULL ORDER BY model, entry_id, touchpoint_id""",
    "spend": "SELECT * FROM warehouse.fct_spend ORDER BY crm, day, source, medium, campaign",
    "revenue": "SELECT * FROM warehouse.revenue_by_channel ORDER BY model, month, channel",
    "reach": "SELECT * FROM warehouse.vanity_metrics ORDER BY month, channel",
}
"""What must not depend on the order in which anything came."""


class Taking:
    """One attribution process's worth of handling and computing, at the caller's pace."""

    def __init__(self, pool: AsyncEngine, reader: AsyncEngine, section: Attribution, base_currency: str) -> None:
        self.pool = pool
        self._reader = reader
        self._section = section
        self._base_currency = base_currency
        self.restart_with(Classifier(channel_rules({}), EarningKinds()))

    def restart_with(self, classifier: Classifier) -> None:
        """Go on under these channel rules and earning kinds."""
        self.terms = self._section.terms(self._base_currency, classifier.version)
        self._handler = Handler(classifier, self._base_currency)

    async def batch(self, *events: msgspec.Struct) -> None:
        """Take in one batch, as the consume loop would: again when the engine says that the work may be done later."""
        for _ in range(20):
            try:
                async with db.transaction(self.pool) as connection:
                    await self._handler(connection, [Record("any", event, None) for event in events])
                return
            except db.TRANSIENT:
                await asyncio.sleep(0.01)
        raise AssertionError("the batch was not taken in twenty tries")

    async def compute(self) -> Done:
        """Compute everything that is marked; how much that was."""
        deals = changed = 0
        while True:
            async with db.transaction(self.pool) as connection:
                upto = await newest_mark(connection)
            if upto is None:
                return Done(deals, changed)
            done = await compute(self.pool, self.terms, 50, upto)
            deals, changed = deals + done.deals, changed + done.changed

    async def take(self, *events: msgspec.Struct) -> Done:
        """One batch, then everything it marked."""
        await self.batch(*events)
        await self.count()
        return await self.compute()

    async def count(self, at_once: int = 1000) -> None:
        """Count page views, visitors and leads again wherever something changed."""
        while True:
            async with db.transaction(self.pool) as connection:
                if not await reach.count(connection, at_once):
                    return

    async def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """What a query answers to somebody who may read the warehouse and nothing else."""
        async with db.transaction(self._reader) as connection:
            return [dict(row) for row in await connection.fetch(query, *values)]

    async def own_rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """What a query answers to the service itself."""
        async with db.transaction(self.pool) as connection:
            return [dict(row) for row in await connection.fetch(query, *values)]

    async def facts(self) -> dict[str, list[dict[str, Any]]]:
        """Everything in FACTS."""
        await self.count()
        return {name: await self.rows(query) for name, query in FACTS.items()}

    async def credited(self, model: str, deal_id: str = "d1") -> list[tuple[str, str, str]]:
        """(entry kind, channel, base amount) of a deal's credits under a model, by entry and touch."""
        rows = await self.rows(
            """
            SELECT entry.kind, credit.channel, credit.amount_base::text AS amount
            FROM warehouse.fct_credit AS credit JOIN warehouse.fct_deal_entry AS entry USING (entry_id)
            LEFT JOIN warehouse.fct_touchpoint AS touch USING (touchpoint_id)
            WHERE credit.deal_id = $1 AND model = $2 AND credit.superseded_at IS NULL AND entry.superseded_at IS NULL
            ORDER BY entry.booking, entry.occurred_at, entry.kind, touch.occurred_at
            """,
            deal_id,
            model,
        )
        return [(row["kind"], row["channel"], row["amount"]) for row in rows]


@asynccontextmanager
async def taking(
    database_url: str, section: Attribution | None = None, base_currency: str = "USD"
) -> AsyncIterator[Taking]:
    """Attribution on this database, as its own role."""
    pool = db.engine(database_url, "closedloop_attribution", pool_size=8)
    reader = db.engine(database_url, "bi_reader")
    try:
        yield Taking(pool, reader, section or Attribution(), base_currency)
    finally:
        await pool.dispose()
        await reader.dispose()


def split(events: Sequence[msgspec.Struct], size: int) -> list[Sequence[msgspec.Struct]]:
    """Batches of `size`."""
    return [events[at : at + size] for at in range(0, len(events), size)]
