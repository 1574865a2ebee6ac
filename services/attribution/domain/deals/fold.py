"""A deal's ledger: the fold of its versions, oldest first. A pure function of the set of versions.

    open  100                      pipeline 100
    won   100                      booked 100
    won   100 -> won 120           booked 100, amended +20
    won   100, refund r1 of 30     booked 100, refunded -30
    won   100 -> open 100          booked 100, reopened -100, pipeline 100
    ... -> won 90                  booked 100, reopened -100, booked 90
    ... -> deleted                 booked 100, reopened -100

While a deal is won its ledger nets to its amount less its refunds; while it is not, to zero, pipeline aside. A version
that arrives late is folded in its place: entries that come out differently are new entries, the old ones superseded.

A booking takes its amount from the version that won it and its close from the last version before it is reopened: a
corrected amount is a change of the deal, a corrected date is not. A refund, once reported, stands (a later version may
change its amount; 0 takes it back), so a sender that leaves refunds out undoes none. It is taken from the sale that
stood at the time of the refund: of a deal that was won twice, the second sale owes nothing of the first one's refunds.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID, uuid5

from services.attribution.domain.deals.version import in_order, opened_at
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
    sales = _sales(ordered)
    closes: list[Close] = []
    for sale, refunds in zip(sales, _refunds_of(sales, ordered), strict=True):
        closes += _closes(sale, refunds, len(closes) + 1)
    latest = ordered[-1]
    if latest.status == "open":
        number = len(closes) + 1
        line = _Line("pipeline", latest.money, opened_at(ordered))
        entries = (line.entry(latest.deal_id, number, latest.currency),)
        closes.append(Close(number, latest.currency, None, latest.updated_at, entries))
    return closes


@dataclass(frozen=True, slots=True)
class _Sale:
    """Versions in a row that say the deal is won, the first of them at `start`; `end` is the one that reopened it."""

    start: int
    won: Sequence[Deal]
    end: Deal | None

    @property
    def closed_at(self) -> datetime:
        return _closed_at(self.won)


class _Report(NamedTuple):
    """What a version (by its place among all) says of a refund; `refunded_at` as the last report of it says."""

    at: int
    refund: Refund
    updated_at: datetime
    refunded_at: datetime


def _sales(ordered: Sequence[Deal]) -> list[_Sale]:
    sales: list[_Sale] = []
    start: int | None = None
    for at, deal in enumerate(ordered):
        if deal.status == "won":
            start = at if start is None else start
        elif start is not None:
            sales.append(_Sale(start, ordered[start:at], deal))
            start = None
    if start is not None:
        sales.append(_Sale(start, ordered[start:], None))
    return sales


def _refunds_of(sales: Sequence[_Sale], ordered: Sequence[Deal]) -> list[list[_Report]]:
    """Per sale what is reported of its refunds, in the order reported.

    A refund belongs to the latest sale that had begun by then: at its close, though not before the sale in front of it
    was reopened, for a deal won again may keep its first date. One from before every sale is the first one's.
    """
    refunded_at = {refund.id: refund.at for deal in ordered for refund in deal.refunds}
    ends = [sale.end.updated_at for sale in sales if sale.end is not None]
    begun = [sale.closed_at if n == 0 else max(sale.closed_at, ends[n - 1]) for n, sale in enumerate(sales)]
    found: list[list[_Report]] = [[] for _ in sales]
    for at, deal in enumerate(ordered):
        for refund in deal.refunds if sales else ():
            moment = refunded_at[refund.id]
            owner = max((n for n, since in enumerate(begun) if since <= moment), default=0)
            found[owner].append(_Report(at, refund, deal.updated_at, moment))
    return found


def _closes(sale: _Sale, refunds: Sequence[_Report], number: int) -> Iterator[Close]:
    """One close per currency in a row. What is reported of refunds after the sale's end still belongs to its last."""
    begin = 0
    for at, deal in enumerate(sale.won):
        following = sale.won[at + 1] if at + 1 < len(sale.won) else None
        if following is not None and following.currency == deal.currency:
            continue
        close = _Open(deal.deal_id, number, deal.currency)
        told = bisect_right(refunds, sale.start + begin, key=_when)
        close.sold(sale.won[begin], refunds[:told])
        for place, version in enumerate(sale.won[begin + 1 : at + 1], sale.start + begin + 1):
            before, told = told, bisect_right(refunds, place, lo=told, key=_when)
            close.sold(version, refunds[before:told])
        if following is None:
            close.refund(refunds[told:])
        if (end := following or sale.end) is not None:
            close.reopen(end)
        yield close.done(_closed_at(sale.won[begin : at + 1]))
        begin, number = at + 1, number + 1


def _when(report: _Report) -> int:
    return report.at


def _closed_at(won: Sequence[Deal]) -> datetime:
    """As the last version that says it; else when the sale was first heard of."""
    return next((deal.closed_at for deal in reversed(won) if deal.closed_at is not None), won[0].updated_at)


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
    kind: Kind = "booked"
    booked: Decimal | None = None
    gross: Decimal = Decimal(0)
    refunded: dict[str, Decimal] = field(default_factory=dict)
    followed: list[_Line] = field(default_factory=list)

    def sold(self, deal: Deal, refunds: Iterable[_Report]) -> None:
        """One more version that says the deal is won, and what is newly reported of refunds by then."""
        self.kind = "renewed" if deal.type == "renewal" else "booked"
        if self.booked is None:
            self.booked = self.gross = deal.money
        elif deal.money != self.gross:
            self._follow("amended", deal.money - self.gross, deal.updated_at, deal.updated_at.isoformat())
            self.gross = deal.money
        self.refund(refunds)

    def refund(self, refunds: Iterable[_Report]) -> None:
        """What is reported of refunds; a report that changes none of them adds no line."""
        newest = {report.refund.id: report for report in refunds}
        for report in newest.values():
            refund = report.refund
            change = refund.amount - self.refunded.get(refund.id, Decimal(0))
            if change:
                again = report.updated_at.isoformat() if refund.id in self.refunded else ""
                self._follow("refunded", -change, report.refunded_at, refund.id + again)
                self.refunded[refund.id] = refund.amount

    def reopen(self, deal: Deal) -> None:
        """A version that is not won any more, or is in another currency: take back what is left."""
        net = self.gross - sum(self.refunded.values(), Decimal(0))
        self._follow("reopened", -net, deal.updated_at, "")

    def done(self, closed_at: datetime) -> Close:
        """The close, when every version is folded. What is dated before it is taken to be of its moment."""
        assert self.booked is not None  # noqa: S101 - sold() came first
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
