"""Everything a set of deals needs to be computed, in a handful of queries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from services.attribution.domain.deals.account import Found, domain_keyed
from services.attribution.domain.deals.attribute import Case
from services.attribution.domain.deals.fold import Close, fold
from services.attribution.domain.deals.touches import Touches
from services.attribution.domain.deals.version import opened_at
from services.attribution.store import involved, spend, touchpoints
from services.attribution.store.bounds import ALWAYS, FOREVER, earlier
from services.attribution.store.involved import Involved
from shared.db import Connection
from shared.events.deal import Deal

_FOLLOWED_BACK = timedelta(days=1)
"""How far over the lookback's edge touches are read, to find the true entry of a session that lies across it."""


@dataclass(frozen=True)
class Loaded:
    """Deals with their latest version, account, people (numbered as in `touches`), touches and rates.

    `channel_rules` number the versions of the rules that the touches were classified by.
    """

    latest: Mapping[str, Deal]
    accounts: Mapping[str, Found]
    people: Sequence[str]
    cases: Sequence[Case]
    touches: Touches
    rates: Mapping[tuple[str, date], Decimal | None]
    channel_rules: frozenset[int]

    def rate(self, currency: str, day: date) -> Decimal | None:
        """See `domain.deals.attribute.Rate`."""
        return self.rates[currency, day]


async def load(
    connection: Connection,
    deals: Mapping[str, Sequence[Deal]],
    found: Mapping[str, Found],
    lookback: timedelta | None,
    base_currency: str,
    closes_of: Callable[[Sequence[Deal]], list[Close]] = fold,
) -> Loaded:
    """What it takes to compute these deals. `deals` are all versions of each, oldest first, at least one.

    `closes_of` says which closes are computed, and so which touches are read.
    """
    latest = {deal_id: own[-1] for deal_id, own in deals.items()}
    closes = {deal_id: closes_of(own) for deal_id, own in deals.items()}
    belonged = await _people(connection, [(latest[d], found[d]) if closes[d] else None for d in deals])
    people = sorted({one.person_id for one in belonged})
    person = {person_id: n for n, person_id in enumerate(people)}
    leads = first_leads(belonged)
    cases = [
        Case(
            deal_id,
            closes[deal_id],
            opened_at(own),
            lead_contact=person[leads[n].person_id] if n in leads else -1,
            lead_created_at=leads[n].lead_created_at if n in leads else None,
        )
        for n, (deal_id, own) in enumerate(deals.items())
    ]
    windows = [_window(case.closes, lookback) for case in cases]
    touches, channel_rules = await touchpoints.of_people(
        connection,
        [
            (one.deal, person[one.person_id], one.person_id, max(one.since, first), one.until, last)
            for one in belonged
            for first, last in [windows[one.deal]]
        ],
    )
    return Loaded(
        latest=latest,
        accounts=found,
        people=people,
        cases=cases,
        touches=touches,
        rates=await _rates(connection, cases, base_currency),
        channel_rules=channel_rules,
    )


def first_leads(belonged: Iterable[Involved]) -> dict[int, Involved]:
    """Per deal the person whose lead was created first, while they were of the deal; a tie goes by the event's id."""
    leads: dict[int, tuple[tuple[datetime, str, str], Involved]] = {}
    for one in belonged:
        at = one.lead_created_at
        if at is not None and one.since <= at < one.until:
            lead = (at, one.lead_created_by or "", one.person_id), one
            leads[one.deal] = min(lead, leads.get(one.deal, lead))
    return {deal: one for deal, (_, one) in leads.items()}


async def _people(connection: Connection, deals: Sequence[tuple[Deal, Found] | None]) -> list[Involved]:
    """The people of each numbered deal: of its account or its domains, and those who own a contact's email."""
    named = [(n, deal, found) for n, asked in enumerate(deals) if asked for deal, found in [asked]]
    domains = {(n, domain) for n, _, found in named for domain in found.domains}
    accounts = {(n, found.account_id) for n, _, found in named if found.account_id}
    accounts |= {(n, domain_keyed(domain)) for n, domain in domains}
    contacts = {(n, f"email:{email}") for n, deal, _ in named for email in deal.contacts}
    return await involved.people(connection, accounts, domains, contacts)


def _window(closes: Sequence[Close], lookback: timedelta | None) -> tuple[datetime, datetime]:
    """The times between which a touch can matter to any of the closes."""
    ends = [close.closed_at for close in closes]
    if not ends:
        return ALWAYS, ALWAYS
    known = [end for end in ends if end is not None]
    open_ended = len(known) < len(ends)
    latest = FOREVER if open_ended else max(known)
    # Of an open deal the lookback is counted from its last touch, which is not known before the touches are read.
    earliest = ALWAYS if lookback is None or open_ended else earlier(earlier(min(known), lookback), _FOLLOWED_BACK)
    return earliest, latest


async def _rates(
    connection: Connection, cases: Iterable[Case], base_currency: str
) -> dict[tuple[str, date], Decimal | None]:
    asked = {(close.currency, close.rated_at.date()) for case in cases for close in case.closes}
    return await spend.rates(connection, sorted(asked), base_currency)
