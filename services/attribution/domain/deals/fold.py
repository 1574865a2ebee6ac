"""A deal's ledger: the fold of its versions, oldest first. A pure function of the set of versions.

    open  100                      pipeline 100
    won   100                      booked 100
    won   100 -> won 120           booked 100, amended +20
    won   100, refund r1 of 30     booked 100, refunded -30
    won   100 -> open 100          booked 100, reopened -100, pipeline 100
    ... -> won 90                  booked 100, reopened -100, booked 90

While a deal is won its ledger nets to its amount less its refunds; while it is not, to zero, pipeline aside. A version
that arrives late is folded in its place: entries that come out differently are new entries, the old ones superseded.

A booking takes its amount from the version that won it and its close from the last version before it is reopened: a
corrected amount is a change of the deal, a corrected date is not. A refund, once reported, stands (a later version may
change its amount; 0 takes it back), so a sender that leaves refunds out undoes none.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid5

from services.attribution.domain.deals.version import in_order
from services.attribution.domain.ledger.ledger import Kind, LedgerEntry
from shared.events.deal import Deal, Refund

_NAMESPACE = UUID("0d4f2a52-7f6d-5e39-9a70-6b2b8f1c1d11")


@dataclass(frozen=True, slots=True)
class Close:
    """One close (or the live pipeline) and what followed it; all its entries share a currency, a rate and weights.

    `closed_at` None: not closed, every touch counts. `rated_at` is the moment whose rate converts it.
    """

    number: int
    currency: str
    closed_at: datetime | None
    rated_at: datetime
    entries: tuple[LedgerEntry, ...]


def fold(versions: Iterable[Deal]) -> list[Close]:
    """The closes of a deal, in order; the pipeline last. Empty for a deal that was never won and is not open."""
    ordered = in_order(versions)
    closes: list[_Open] = []
    refunds: dict[str, Refund] = {}
    for deal in ordered:
        refunds |= {refund.id: refund for refund in deal.refunds}
        current = closes[-1] if closes and closes[-1].standing else None
        if current and (deal.status != "won" or deal.currency != current.currency):
            current.reopen(deal)
            current = None
        if deal.status != "won":
            continue
        if current is None:
            current = _Open(deal.deal_id, len(closes) + 1, deal.currency)
            closes.append(current)
        current.sold(deal, refunds.values())
    done = [close.done() for close in closes]
    latest = ordered[-1]
    if latest.status == "open":
        done.append(_pipeline(latest, len(closes) + 1))
    return done


def _pipeline(deal: Deal, number: int) -> Close:
    line = _Line("pipeline", deal.money, deal.since)
    return Close(number, deal.currency, None, deal.updated_at, (line.entry(deal.deal_id, number, deal.currency),))


@dataclass(frozen=True, slots=True)
class _Line:
    """An entry before it has its id. `what` tells apart entries of a kind: a refund's id, the version that amended."""

    kind: Kind
    amount: Decimal
    occurred_at: datetime
    what: str = ""

    def entry(self, deal_id: str, number: int, currency: str) -> LedgerEntry:
        """The id is made of the content, so an entry that comes out differently has another one."""
        amount = format(self.amount.normalize(), "f")
        at = self.occurred_at.isoformat()
        name = "\x1f".join((deal_id, str(number), self.kind, amount, currency, at, self.what))
        return LedgerEntry(str(uuid5(_NAMESPACE, name)), self.kind, self.amount, self.occurred_at)


@dataclass(slots=True)
class _Open:
    """A close while its versions are folded."""

    deal_id: str
    number: int
    currency: str
    standing: bool = True
    closed_at: datetime | None = None
    kind: Kind = "booked"
    booked: Decimal | None = None
    gross: Decimal = Decimal(0)
    refunded: dict[str, Decimal] = field(default_factory=dict)
    followed: list[_Line] = field(default_factory=list)

    def sold(self, deal: Deal, refunds: Iterable[Refund]) -> None:
        """One more version that says the deal is won."""
        self.kind = "renewed" if deal.type == "renewal" else "booked"
        self.closed_at = deal.closed_at or self.closed_at or deal.updated_at
        if self.booked is None:
            self.booked = self.gross = deal.money
        elif deal.money != self.gross:
            self._follow("amended", deal.money - self.gross, deal.updated_at, deal.updated_at.isoformat())
            self.gross = deal.money
        for refund in refunds:
            change = refund.amount - self.refunded.get(refund.id, Decimal(0))
            if change:
                again = deal.updated_at.isoformat() if refund.id in self.refunded else ""
                self._follow("refunded", -change, refund.at, refund.id + again)
                self.refunded[refund.id] = refund.amount

    def reopen(self, deal: Deal) -> None:
        """A version that is not won any more, or is in another currency: take back what is left."""
        self.standing = False
        net = self.gross - sum(self.refunded.values(), Decimal(0))
        self._follow("reopened", -net, deal.updated_at, "")

    def done(self) -> Close:
        """The close, when every version is folded. A refund dated before it is taken to be of its moment."""
        assert self.booked is not None and self.closed_at is not None  # noqa: S101 - sold() came first
        closed_at = self.closed_at
        lines = [_Line(self.kind, self.booked, closed_at)]
        seen: Counter[_Line] = Counter()
        for followed in self.followed:
            line = replace(followed, occurred_at=max(followed.occurred_at, closed_at))
            seen[line] += 1
            # Versions of one moment may say the same change twice; they are two entries all the same.
            lines.append(line if seen[line] == 1 else replace(line, what=f"{line.what}#{seen[line]}"))
        entries = tuple(line.entry(self.deal_id, self.number, self.currency) for line in lines)
        return Close(self.number, self.currency, closed_at, closed_at, entries)

    def _follow(self, kind: Kind, amount: Decimal, at: datetime, what: str) -> None:
        self.followed.append(_Line(kind, amount, at, what))
