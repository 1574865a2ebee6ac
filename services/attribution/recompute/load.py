"""Everything a set of deals needs to be computed, in a handful of queries."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from services.attribution.domain.deals.account import Found, Known, account_keyed, domain_of, find, name_of
from services.attribution.domain.deals.attribute import Case
from services.attribution.domain.deals.fold import Close, fold
from services.attribution.domain.deals.touches import Touched, Touches
from services.attribution.domain.deals.version import in_order
from services.attribution.store.bounds import ALWAYS, FOREVER
from shared.accounts import account_key
from shared.db import Connection
from shared.events.deal import Deal

_FOLLOWED_BACK = timedelta(days=1)
"""How far over the lookback's edge touches are read, to find the true entry of a session that lies across it."""

_VERSIONS = "SELECT deal_id, deal::text FROM attribution.deal_version WHERE deal_id = ANY($1)"
_KNOWN = """
SELECT 'domain' AS by, account_domain AS key, account_id FROM attribution.person
WHERE account_domain = ANY($1) AND merged_into IS NULL
UNION
SELECT 'name', account_name, account_id FROM attribution.person WHERE account_name = ANY($2) AND merged_into IS NULL
UNION
SELECT 'email', span.identity, person.account_id
FROM attribution.identifier_span AS span JOIN attribution.person USING (person_id)
WHERE span.identity = ANY($3) AND person.account_id IS NOT NULL
"""
_PEOPLE = """
SELECT deal, person_id::text, lead_created_at,
    CASE WHEN lead_created_at IS NOT NULL
        THEN (SELECT min(identity) FROM attribution.identifier_span AS own WHERE own.person_id = person.person_id)
    END AS first_identity
FROM (
    SELECT asked.deal, person_id FROM unnest($1::int[], $2::text[]) AS asked (deal, account_id)
    JOIN attribution.person USING (account_id)
    UNION
    SELECT asked.deal, person_id FROM unnest($3::int[], $4::text[]) AS asked (deal, account_domain)
    JOIN attribution.person USING (account_domain)
    UNION
    SELECT asked.deal, person_id FROM unnest($5::int[], $6::text[]) AS asked (deal, identity)
    JOIN attribution.identifier_span USING (identity)
) AS involved JOIN attribution.person USING (person_id)
WHERE merged_into IS NULL
"""
_TOUCHES = """
SELECT asked.deal, asked.person, touch.touchpoint_id::text, touch.occurred_at, touch.channel, touch.session_source,
    touch.session_medium, touch.utm_campaign
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::timestamptz[], $5::timestamptz[])
    AS asked (deal, person, person_id, earliest, latest)
JOIN attribution.identifier_span AS span USING (person_id)
JOIN warehouse.fct_touchpoint AS touch ON touch.identity = span.identity AND touch.earns_credit
    AND touch.occurred_at >= greatest(span.since, asked.earliest) AND touch.occurred_at < span.until
    AND touch.occurred_at <= asked.latest
"""
_RATES = """
SELECT currency, day, attribution.rate_on(currency, $3, day) AS rate
FROM unnest($1::text[], $2::date[]) AS asked (currency, day)
"""

_decode = msgspec.json.Decoder(Deal).decode


@dataclass(frozen=True)
class Loaded:
    """Deals with their latest version, account, people (numbered as in `touches`), touches and rates."""

    latest: Mapping[str, Deal]
    accounts: Mapping[str, Found]
    people: Sequence[str]
    cases: Sequence[Case]
    touches: Touches
    rates: Mapping[tuple[str, date], Decimal | None]

    def rate(self, currency: str, day: date) -> Decimal | None:
        """See `domain.deals.attribute.Rate`."""
        return self.rates[currency, day]


async def versions(connection: Connection, deal_ids: Iterable[str]) -> dict[str, list[Deal]]:
    """Every version of each deal, oldest first."""
    found: dict[str, list[Deal]] = defaultdict(list)
    for row in await connection.fetch(_VERSIONS, list(deal_ids)):
        found[row["deal_id"]].append(_decode(row["deal"]))
    return {deal_id: in_order(found[deal_id]) for deal_id in sorted(found)}


async def accounts(connection: Connection, deals: Iterable[Deal]) -> dict[str, Found]:
    """The account of each deal, as far as the people known now tell."""
    deals = list(deals)
    domains = [domain for deal in deals if (domain := domain_of(deal))]
    names = [name for deal in deals if (name := name_of(deal))]
    emails = [f"email:{email}" for deal in deals for email in deal.contacts]
    known: dict[str, dict[str, list[str]]] = {by: defaultdict(list) for by in ("domain", "name", "email")}
    for row in await connection.fetch(_KNOWN, domains, names, emails):
        known[row["by"]][row["key"].removeprefix("email:")].append(row["account_id"])
    facts = Known(known["domain"], known["email"], known["name"])
    return {deal.deal_id: find(deal, facts) for deal in deals}


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
    involved = await _people(connection, [(latest[d], found[d]) if closes[d] else None for d in deals])
    people = sorted({row["person_id"] for row in involved})
    person = {person_id: n for n, person_id in enumerate(people)}
    leads: dict[int, tuple[datetime, str, int]] = {}
    for row in involved:
        if row["lead_created_at"] is not None:
            lead = (row["lead_created_at"], row["first_identity"] or "", person[row["person_id"]])
            leads[row["deal"]] = min(lead, leads.get(row["deal"], lead))
    cases = [
        Case(
            deal_id,
            closes[deal_id],
            latest[deal_id].since,
            lead_contact=leads[n][2] if n in leads else -1,
            lead_created_at=leads[n][0] if n in leads else None,
        )
        for n, deal_id in enumerate(deals)
    ]
    windows = [_window(case.closes, lookback) for case in cases]
    rows = await connection.fetch(
        _TOUCHES,
        [row["deal"] for row in involved],
        [person[row["person_id"]] for row in involved],
        [row["person_id"] for row in involved],
        [windows[row["deal"]][0] for row in involved],
        [windows[row["deal"]][1] for row in involved],
    )
    return Loaded(
        latest=latest,
        accounts=found,
        people=people,
        cases=cases,
        touches=Touches.of(Touched(*row) for row in rows),
        rates=await _rates(connection, cases, base_currency),
    )


async def _people(connection: Connection, deals: Sequence[tuple[Deal, Found] | None]) -> Sequence[Mapping[str, Any]]:
    """The people of each numbered deal: of its account or its domain, and those who own a contact's email."""
    named = [(n, deal, found) for n, asked in enumerate(deals) if asked for deal, found in [asked]]
    domains = {(n, domain) for n, deal, _ in named if (domain := domain_of(deal))}
    accounts = {(n, found.account_id) for n, _, found in named if found.account_id}
    accounts |= {(n, key) for n, domain in domains if (key := account_key(domain=domain))}
    contacts = {(n, f"email:{email}") for n, deal, _ in named for email in deal.contacts}
    columns = [column for asked in (accounts, domains, contacts) for column in _transposed(sorted(asked))]
    people: Sequence[Mapping[str, Any]] = await connection.fetch(_PEOPLE, *columns)
    return people


def _transposed(pairs: Iterable[tuple[int, str]]) -> tuple[list[int], list[str]]:
    pairs = list(pairs)
    return [number for number, _ in pairs], [value for _, value in pairs]


def _window(closes: Sequence[Close], lookback: timedelta | None) -> tuple[datetime, datetime]:
    """The times between which a touch can matter to any of the closes."""
    ends = [close.closed_at for close in closes]
    if not ends:
        return ALWAYS, ALWAYS
    known = [end for end in ends if end is not None]
    open_ended = len(known) < len(ends)
    latest = FOREVER if open_ended else max(known)
    # Of an open deal the lookback is counted from its last touch, which is not known before the touches are read.
    earliest = ALWAYS if lookback is None or open_ended else min(known) - lookback - _FOLLOWED_BACK
    return earliest, latest


async def _rates(
    connection: Connection, cases: Iterable[Case], base_currency: str
) -> dict[tuple[str, date], Decimal | None]:
    asked = sorted({(close.currency, close.rated_at.date()) for case in cases for close in case.closes})
    rows = await connection.fetch(_RATES, [c for c, _ in asked], [day for _, day in asked], base_currency)
    return {(row["currency"], row["day"]): row["rate"] for row in rows}


def needed_keys(found: Mapping[str, Found]) -> list[tuple[str, str]]:
    """(key, deal_id) by which a change of people must find each deal, besides the keys it has by itself."""
    return sorted((account_keyed(f.account_id), deal_id) for deal_id, f in found.items() if f.account_id)
