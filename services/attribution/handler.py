"""One batch of touchpoints, deals, people and spend into the tables, in the caller's transaction.

First everything is stored; then, under the marking lock and last, the deals it bears on are marked (see `store.marks`).
The amounts are computed elsewhere: `recompute` takes up the marks.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from services.attribution.domain.channels import ChannelRules, Evidence
from services.attribution.domain.ledger.money import decimals
from services.attribution.domain.touch_row import COLUMNS, Facts, touch_row
from services.attribution.store import accounts, deals, marks, people, spend, touchpoints
from shared.db import Connection
from shared.errors import BadRecord
from shared.events.deal import Deal
from shared.events.person import Person
from shared.events.spend import FxRate, Spend
from shared.events.touchpoint import Touchpoint
from shared.kafka.consume import Record

TOPICS = ("touchpoints", "deals", "people", "spend")

_TOO_MUCH = 10**13
"""A version of a deal is kept for good, so an amount that no money can be is refused before it is."""

_EARNS, _IDENTITY, _OCCURRED = (COLUMNS.index(name) for name in ("earns_credit", "identity", "occurred_at"))


class Handler:
    """Idempotent: every row has a key, and a mark too many costs a computation that changes nothing."""

    def __init__(self, rules: ChannelRules, base_currency: str, seen: Callable[[int], None] = lambda _: None) -> None:
        """`seen` is told the size of every batch."""
        self._rules = rules
        self._facts = Facts(rules)
        self._base = base_currency
        self._seen = seen

    async def __call__(self, connection: Connection, records: Sequence[Record]) -> None:
        """Apply a batch. Raises BadRecord for an event that no amount can be computed for."""
        self._seen(len(records))
        events: dict[type, list[Any]] = defaultdict(list)
        for record in records:
            events[type(record.event)].append(record.event)
        checked(events[Deal])
        rows = self._rows(events[Touchpoint])
        if rows:
            await touchpoints.store(connection, rows)
        changed = await people.store(connection, events[Person]) if events[Person] else []
        new = await deals.store(connection, events[Deal]) if events[Deal] else []
        if new:
            # Who computes them would note these too, but then compute them once more.
            await accounts.note(connection, await accounts.found(connection, await deals.versions(connection, new)))
        if events[FxRate]:
            await spend.store_rates(connection, events[FxRate], self._base)
        if events[Spend]:
            await spend.store_spend(connection, [(s, self._channel(s)) for s in events[Spend]], self._base)

        await marks.lock(connection)
        if new:
            await marks.deals(connection, new)
        if changed:
            await marks.of_people(connection, changed)
        if touched := _touched(rows):
            await marks.touched(connection, touched)
        if events[FxRate]:
            await spend.mark_rated(connection, events[FxRate], self._base)

    def _rows(self, touches: Iterable[Touchpoint]) -> list[tuple[Any, ...]]:
        """Rows of the distinct touchpoints; of one sent twice the first stays, as it does across batches."""
        distinct: dict[str, Touchpoint] = {}
        for touch in touches:
            distinct.setdefault(touch.touchpoint_id, touch)
        return [touch_row(touch, self._facts) for touch in distinct.values()]

    def _channel(self, spend: Spend) -> str:
        evidence = Evidence(kind="ad_click", source=spend.source, medium=spend.medium, campaign=spend.campaign or None)
        return self._rules.classify(evidence).channel


def checked(events: Iterable[Deal]) -> None:
    """Raise BadRecord, with the reason, for a deal whose money has no meaning."""
    for deal in events:
        try:
            decimals(deal.currency)
        except ValueError as error:
            raise BadRecord(f"deal {deal.deal_id}: {error}") from error
        amounts = (deal.money, *(refund.amount for refund in deal.refunds))
        if not all(amount.is_finite() and abs(amount) < _TOO_MUCH for amount in amounts):
            raise BadRecord(f"deal {deal.deal_id}: an amount must be a number below {_TOO_MUCH:,}")


def _touched(rows: Iterable[tuple[Any, ...]]) -> dict[str, marks.Span]:
    """Per identity the times between which it earned credit in this batch."""
    touched: dict[str, marks.Span] = {}
    for row in rows:
        if row[_EARNS] and (identity := row[_IDENTITY]) is not None:
            at, span = row[_OCCURRED], touched.get(identity)
            if span is None:
                touched[identity] = (at, at)
            elif not span[0] <= at <= span[1]:
                touched[identity] = (min(span[0], at), max(span[1], at))
    return touched
