"""Which accounts deals are of, as far as the people known now tell."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.attribution.domain.deals.account import (
    Found,
    Known,
    asks_contacts,
    domain_of,
    find,
    found_keys,
    name_of,
    with_domains,
)
from services.attribution.domain.deals.version import opened_at
from shared.db import Connection
from shared.events.deal import Deal

_ACCOUNTS = """
SELECT DISTINCT 'domain' AS by, domain AS key, account_id FROM attribution.membership WHERE domain = ANY($1)
UNION ALL
SELECT DISTINCT 'name', name, account_id FROM attribution.membership WHERE name = ANY($2)
"""
_OF_CONTACTS = """
SELECT DISTINCT asked.deal_id, asked.email, membership.account_id
FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS asked (deal_id, email, at)
JOIN attribution.identifier_span AS span ON span.identity = 'email:' || asked.email
JOIN attribution.membership USING (person_id)
WHERE membership.since <= asked.at AND asked.at < membership.until
"""
_DOMAINS = """
SELECT DISTINCT account_id, domain FROM attribution.membership WHERE account_id = ANY($1) AND domain IS NOT NULL
"""
_LACK_KEYS = """
SELECT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS needed (key, deal_id) WHERE NOT EXISTS (
    SELECT FROM attribution.deal_key AS own WHERE own.key = needed.key AND own.deal_id = needed.deal_id
))
"""
_ADD_KEYS = """
INSERT INTO attribution.deal_key (key, deal_id) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING
RETURNING deal_id
"""


async def found(connection: Connection, deals: Mapping[str, Sequence[Deal]]) -> dict[str, Found]:
    """The account of each deal; `deals` are all versions of each, oldest first, at least one."""
    latest = {deal_id: own[-1] for deal_id, own in deals.items()}
    domains = {domain for deal in latest.values() if (domain := domain_of(deal))}
    names = {name for deal in latest.values() if (name := name_of(deal))}
    known: dict[str, dict[str, list[str]]] = {by: defaultdict(list) for by in ("domain", "name")}
    for by, key, account_id in await connection.fetch(_ACCOUNTS, sorted(domains), sorted(names)):
        known[by][key].append(account_id)
    contacts = await _of_contacts(
        connection,
        [
            (deal_id, email, opened_at(deals[deal_id]))
            for deal_id, deal in latest.items()
            if asks_contacts(deal)
            for email in deal.contacts
        ],
    )
    facts = Known(known["domain"], contacts, known["name"])
    accounts = {deal_id: find(deal, facts) for deal_id, deal in latest.items()}
    stand_for: dict[str, list[str]] = defaultdict(list)
    ids = sorted({one.account_id for one in accounts.values() if one.account_id})
    for account_id, domain in await connection.fetch(_DOMAINS, ids):
        stand_for[account_id].append(domain)
    return {deal_id: with_domains(one, stand_for) for deal_id, one in accounts.items()}


async def _of_contacts(
    connection: Connection, asked: Iterable[tuple[str, str, datetime]]
) -> dict[tuple[str, str], list[str]]:
    """By (deal id, email) the accounts the contact was of at the moment asked for."""
    contacts: dict[tuple[str, str], list[str]] = defaultdict(list)
    if columns := list(zip(*asked, strict=True)):
        for deal_id, email, account_id in await connection.fetch(_OF_CONTACTS, *columns):
            contacts[deal_id, email].append(account_id)
    return contacts


async def lack_keys(connection: Connection, accounts: Mapping[str, Found]) -> bool:
    """Whether a key is missing that `note` would add."""
    return bool(await connection.fetchval(_LACK_KEYS, *_keys(accounts)))


async def note(connection: Connection, accounts: Mapping[str, Found]) -> set[str]:
    """Note the keys by which a change of people must find each deal; the deals that lacked one.

    With the marking lock held, mark those: a person may have come meanwhile who could not know that the deal depends on
    the account.
    """
    return {row["deal_id"] for row in await connection.fetch(_ADD_KEYS, *_keys(accounts))}


def _keys(accounts: Mapping[str, Found]) -> tuple[list[str], list[str]]:
    keys = sorted((key, deal_id) for deal_id, one in accounts.items() for key in found_keys(one))
    return [key for key, _ in keys], [deal_id for _, deal_id in keys]
