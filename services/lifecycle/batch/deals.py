"""What deals say about people and accounts. Of each deal only the latest version counts."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from services.lifecycle.domain.accounts.book import BY_CONTACTS, TRUSTED
from services.lifecycle.domain.accounts.claims import Named, named
from services.lifecycle.domain.collect import ACCOUNT
from services.lifecycle.domain.identity.links import Key
from services.lifecycle.domain.stages.state import Signal
from services.lifecycle.store import accounts, signals
from services.lifecycle.store.accounts import ClaimRow, ObjectRow
from shared.accounts import account_key, email_domain
from shared.db import Connection
from shared.events.deal import Deal

Version = tuple[datetime, datetime, int, bytes]
"""What orders the versions of a deal: `updated_at`, then the receipt, then the content."""


@dataclass(slots=True)
class DealsTold:
    """What the deals of a batch changed. `concerned`: of whom they say other things than before."""

    concerned: list[Key] = field(default_factory=list)
    account_keys: set[str] = field(default_factory=set)
    objects: set[ObjectRow] = field(default_factory=set)
    objects_gone: set[ObjectRow] = field(default_factory=set)


async def tell(connection: Connection, deals: Iterable[Deal]) -> DealsTold:
    """Let the latest version of each deal count; what is other than before: a deal's new stage concerns nobody."""
    latest: dict[str, tuple[Version, Deal]] = {}
    for deal in deals:
        version = (deal.updated_at, deal.received_at, deal.position, _digest(deal))
        known = latest.get(deal.deal_id)
        if known is None or version > known[0]:
            latest[deal.deal_id] = (version, deal)
    newer = await signals.newer_deals(connection, [(id_, *version) for id_, (version, _) in latest.items()])
    if not newer:
        return DealsTold()
    ids = sorted(newer)
    refs = [f"deal:{id_}" for id_ in ids]
    counting = [latest[id_][1] for id_ in ids]
    concerned = await signals.replace_deals(connection, ids, [s for deal in counting for s in signals_of(deal)])
    concerned += await accounts.replace_deal_claims(connection, refs, [c for deal in counting for c in claims_of(deal)])
    wanted = {row for deal in counting for row in objects_of(deal)}
    stored = await accounts.objects_of_deals(connection, refs)
    keys = {key for deal in counting if (key := _key(deal))}
    return DealsTold(concerned, keys, wanted - stored, stored - wanted)


def _digest(deal: Deal) -> bytes:
    what = (deal.status, deal.since, deal.closed_at, sorted(deal.contacts), deal.account)
    return hashlib.blake2b(msgspec.json.encode(what), digest_size=16).digest()


def signals_of(deal: Deal) -> list[tuple[Key, Signal]]:
    """What a version of a deal says about its contacts; without contacts, about everybody of its account."""
    if deal.status == "deleted":
        return []
    subjects: list[Key] = [("email", contact) for contact in dict.fromkeys(deal.contacts)]
    if not subjects and (key := _key(deal)):
        subjects = [(ACCOUNT, key)]
    made = [Signal(deal.since, f"deal:{deal.deal_id}:1open", "deal:open", deal_id=deal.deal_id)]
    if deal.status != "open":
        closed_at = max(deal.closed_at or deal.updated_at, deal.since)
        made.append(Signal(closed_at, f"deal:{deal.deal_id}:2closed", f"deal:{deal.status}", deal_id=deal.deal_id))
    return [(subject, signal) for subject in subjects for signal in made]


def claims_of(deal: Deal) -> list[ClaimRow]:
    """The account a deal gives its contacts."""
    key, ref = _key(deal), f"deal:{deal.deal_id}"
    if key is None or deal.status == "deleted":
        return []
    return [(("email", contact), "deal", ref, True, key, deal.since, ref) for contact in dict.fromkeys(deal.contacts)]


def objects_of(deal: Deal) -> list[ObjectRow]:
    """What a deal says about its account: as it names it; and the one company domain its contacts have in common."""
    if deal.account is None or deal.status == "deleted":
        return []
    what, ref = named(deal.account), f"deal:{deal.deal_id}"
    rows: list[ObjectRow] = [(what, TRUSTED, ref, deal.account.name or "", deal.since, ref)] if any(what) else []
    domains = {domain for contact in deal.contacts if (domain := email_domain(contact))}
    if what.account_id and not what.domain and len(domains) == 1:
        rows.append((Named(what.account_id, domains.pop(), ""), BY_CONTACTS, ref, "", deal.since, ref))
    return rows


def _key(deal: Deal) -> str | None:
    return account_key(deal.account.id, deal.account.domain, deal.account.name) if deal.account else None
