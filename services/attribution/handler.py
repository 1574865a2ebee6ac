"""One batch of touchpoints, deals, people and spend into the tables, in the caller's transaction.

First everything is stored; then, under the marking lock and last, the deals it bears on are marked (see `store.marks`).
The amounts are computed elsewhere: `recompute` takes up the marks.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from services.attribution.domain.channels import Classifier
from services.attribution.domain.ledger.money import decimals
from services.attribution.domain.spend.evidence import cost_evidence
from services.attribution.domain.touch_row import COLUMNS, touch_row
from services.attribution.store import accounts, channel_rules, deals, marks, people, reach, spans, spend, touchpoints
from services.attribution.store.touchpoints import Displaced
from shared.db import Connection
from shared.errors import BadRecord
from shared.events.deal import Deal
from shared.events.person import Person
from shared.events.spend import FxRate, Spend
from shared.events.touchpoint import Touchpoint
from shared.kafka.consume import Record

TOPICS = ("touchpoints", "deals", "people", "spend")

_EARNS, _IS_BOT, _IDENTITY, _OCCURRED = map(COLUMNS.index, ("earns_credit", "is_bot", "identity", "occurred_at"))
_DEFAULT_CRM = "crm"


class Handler:
    """Idempotent: every row has a key, and a mark too many costs a computation that changes nothing."""

    def __init__(
        self, classifier: Classifier, base_currency: str, seen: Callable[[int], None] = lambda _: None
    ) -> None:
        """`seen` is told the size of every batch."""
        self._classifier = classifier
        self._base = base_currency
        self._seen = seen

    async def __call__(self, connection: Connection, records: Sequence[Record]) -> None:
        """Apply a batch. Raises BadRecord for an event that no amount can be computed for."""
        self._seen(len(records))
        events: dict[type, list[Any]] = defaultdict(list)
        for record in records:
            events[type(record.event)].append(record.event)
        checked(events[Deal])
        rules_id = 0
        if events[Touchpoint] or events[Spend]:
            rules_id = await channel_rules.open_for(connection, self._classifier.version)
        rows = [touch_row(touch, self._classifier, rules_id) for touch in _first_receipts(events[Touchpoint])]
        displaced = await touchpoints.store(connection, rows) if rows else []
        changed = await people.store(connection, events[Person])
        new = await deals.store(connection, events[Deal]) if events[Deal] else []
        if new:
            # Who computes them would note these too, but then compute them once more.
            await accounts.note(connection, await accounts.found(connection, await deals.versions(connection, new)))
        if events[FxRate]:
            await spend.store_rates(connection, events[FxRate], self._base)
        if events[Spend]:
            costs = [(cost, self._channel(cost)) for cost in events[Spend]]
            await spend.store_spend(connection, costs, rules_id, self._base)

        await marks.lock(connection)
        if new:
            await marks.deals(connection, new)
        if changed.people:
            await spans.settle(connection, changed.identities)
            await marks.of_people(connection, changed.people)
            await reach.mark_people(connection, changed.people, changed.identities)
        if earned := _between(_earned(rows, displaced)):
            await marks.touched(connection, earned)
        if visited := _between(_visited(rows, displaced)):
            await reach.mark_touched(connection, visited)
        if events[FxRate]:
            await spend.mark_rated(connection, events[FxRate], self._base)

    def _channel(self, cost: Spend) -> str:
        return self._classifier.of(cost_evidence(cost.source, cost.medium, cost.campaign)).channel


def _first_receipts(touches: Iterable[Touchpoint]) -> Iterable[Touchpoint]:
    """The distinct touchpoints; of one received several times the first receipt, as it is across batches."""
    first: dict[str, Touchpoint] = {}
    for touch in touches:
        known = first.setdefault(touch.touchpoint_id, touch)
        if (touch.received_at, touch.position) < (known.received_at, known.position):
            first[touch.touchpoint_id] = touch
    return first.values()


def checked(events: Iterable[Deal]) -> None:
    """Raise BadRecord, with the reason, for a deal whose currency or id cannot be right."""
    for deal in events:
        if deal.crm != _DEFAULT_CRM and not deal.deal_id.startswith(f"{deal.crm}:"):
            raise BadRecord(f"deal {deal.deal_id}: a deal of the CRM {deal.crm} has an id of the form {deal.crm}:<id>")
        try:
            decimals(deal.currency)
        except ValueError as error:
            raise BadRecord(f"deal {deal.deal_id}: {error}") from error


def _earned(rows: Iterable[tuple[Any, ...]], displaced: Iterable[Displaced]) -> Iterator[tuple[str, datetime]]:
    """Whose touches earned credit in this batch, or no longer do, and when."""
    yield from ((row[_IDENTITY], row[_OCCURRED]) for row in rows if row[_EARNS] and row[_IDENTITY])
    yield from ((touch.identity, touch.occurred_at) for touch in displaced if touch.earns_credit and touch.identity)


def _visited(rows: Iterable[tuple[Any, ...]], displaced: Iterable[Displaced]) -> Iterator[tuple[str, datetime]]:
    """Whose visits this batch has touches of, or no longer has, and when."""
    yield from ((row[_IDENTITY], row[_OCCURRED]) for row in rows if row[_IDENTITY] and not row[_IS_BOT])
    yield from ((touch.identity, touch.occurred_at) for touch in displaced if touch.identity)


def _between(touches: Iterable[tuple[str, datetime]]) -> dict[str, marks.Span]:
    """Per identity the first and the last time."""
    spans: dict[str, marks.Span] = {}
    for identity, at in touches:
        span = spans.get(identity)
        if span is None:
            spans[identity] = (at, at)
        elif not span[0] <= at <= span[1]:
            spans[identity] = (min(span[0], at), max(span[1], at))
    return spans
