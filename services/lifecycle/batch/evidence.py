"""Step 2: store signals, deals and account claims; find the persons for whom something is new."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from services.lifecycle.batch.identify import Identified, find_persons
from services.lifecycle.domain.accounts.claims import Book, Named, Object, keys_of, unresolved
from services.lifecycle.domain.collect import ACCOUNT, Facts
from services.lifecycle.domain.identity.links import WEAK, Key, owner_at
from services.lifecycle.domain.stages.fold import Signal
from services.lifecycle.store import accounts, identifiers, persons, signals
from shared.accounts import account_key
from shared.db import Connection
from shared.events.deal import Deal


@dataclass(slots=True)
class Evidence:
    """`signals`: new ones by person. `changed`: persons whose account or older signals are not what they were."""

    signals: dict[str, list[Signal]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)


async def record(connection: Connection, facts: Facts, identity: Identified, known_accounts: set[str]) -> Evidence:
    """Store what the batch gives as evidence. `known_accounts`: keys certainly stored."""
    evidence = Evidence()
    persons = identity.person_of
    keys = facts.account_keys.union(*(keys_of(named) for named in facts.objects)) - known_accounts
    if keys:
        await accounts.ensure(connection, unresolved(keys))
    if facts.objects:
        evidence.changed.update(await _accounts(connection, facts))
    claims = [(s, rule, key, key, at, event_id) for (s, rule, key), (at, event_id) in facts.claims.items()]
    if facts.deals:
        concerned, claims_of_deals = await _deals(connection, facts.deals)
        claims += claims_of_deals
        await _mark(connection, [key for key in concerned if key[0] != ACCOUNT], identity, evidence)
        await _mark_accounts(connection, [value for kind, value in concerned if kind == ACCOUNT], evidence)
    if claims:
        for subject in await accounts.add_claims(connection, claims):
            # All who ever owned it: a claim that turns out to be older may leave one of them for another.
            evidence.changed |= {persons[key] for key in identity.owners(subject)}
    if facts.acts:
        added, replaced = await signals.add(connection, facts.acts)
        for _, subject, signal in added:
            if owner := identity.owner(subject, signal.at):
                evidence.signals.setdefault(persons[owner], []).append(signal)
        if replaced:  # an earlier receipt came late: what the later one said did not happen
            await _mark_owners(connection, [(act.subject, act.signal.at) for act in replaced], identity, evidence)
    return evidence


async def _mark(connection: Connection, strong: Iterable[Key], identity: Identified, evidence: Evidence) -> None:
    wanted = list(strong)
    await find_persons(connection, identity, wanted)
    evidence.changed |= {identity.person_of[key] for key in wanted if key in identity.person_of}


async def _mark_owners(
    connection: Connection, acts: Sequence[tuple[Key, datetime]], identity: Identified, evidence: Evidence
) -> None:
    """Note the persons who did something under an identifier at a moment."""
    weak = [subject for subject, _ in acts if subject[0] == WEAK and subject not in identity.seen]
    stored = await identifiers.of_keys(connection, weak) if weak else {}
    owners = []
    for subject, at in acts:
        row = stored.get(subject)
        owner = (owner_at(row.runs, at) or subject) if row else identity.owner(subject, at)
        owners += [owner] if owner else []
    await _mark(connection, owners, identity, evidence)


async def _mark_accounts(connection: Connection, keys: Sequence[str], evidence: Evidence) -> None:
    if keys:
        kin = await accounts.lock_with_kin(connection, keys)
        evidence.changed.update(await persons.of_accounts(connection, kin))


async def _accounts(connection: Connection, facts: Facts) -> list[str]:
    """Store account objects and what keys stand for now; the persons whose account is another than before."""
    locked = await accounts.lock_with_kin(connection, {key for named in facts.objects for key in keys_of(named)})
    if not await accounts.add_objects(connection, facts.objects):
        return []
    objects: dict[Named, Object] = {}
    book, wanted = Book(()), set(locked)
    while wanted:
        for one in await accounts.objects_about(connection, wanted):
            objects[one.named] = one
        book = Book(objects.values())
        wanted = {book.step(key) for key in wanted} - wanted - set(locked)
    changed = [r for key in sorted(locked) if (r := book.resolve(key)) != locked[key]]
    if not changed:
        return []
    await accounts.save(connection, changed)
    # A key that moves takes the deals of whole accounts with it: everybody of the old and the new account is concerned.
    joined = await accounts.lock_with_kin(connection, [resolved.key for resolved in changed])
    left = {locked[resolved.key].account_id for resolved in changed}
    return await persons.of_accounts(connection, {*joined, *(k for k, old in locked.items() if old.account_id in left)})


async def _deals(connection: Connection, deals: Iterable[Deal]) -> tuple[list[Key], list[accounts.ClaimRow]]:
    """Let the latest version of each deal count: for whom its signals differ from before, and its claims."""
    latest: dict[str, tuple[datetime, bytes, Deal]] = {}
    for deal in deals:
        version = (deal.updated_at, _digest(deal), deal)
        known = latest.get(deal.deal_id)
        if known is None or version[:2] > known[:2]:
            latest[deal.deal_id] = version
    newer = await signals.newer_deals(connection, [(id_, at, digest) for id_, (at, digest, _) in latest.items()])
    if not newer:
        return [], []
    ids = sorted(newer)
    counting = [latest[id_][2] for id_ in ids]
    concerned = await signals.replace_deals(connection, ids, [s for deal in counting for s in signals_of(deal)])
    concerned += await accounts.remove_deal_claims(connection, [f"deal:{id_}" for id_ in ids])
    return concerned, [c for deal in counting for c in claims_of(deal)]


def _digest(deal: Deal) -> bytes:
    what = (deal.status, deal.since, deal.closed_at, sorted(deal.contacts), deal.account)
    return hashlib.blake2b(msgspec.json.encode(what), digest_size=16).digest()


def signals_of(deal: Deal) -> list[tuple[Key, Signal]]:
    """What a version of a deal says about its contacts; without contacts, about everybody of its account."""
    subjects: list[Key] = [("email", contact) for contact in dict.fromkeys(deal.contacts)]
    if not subjects and (key := _key(deal)):
        subjects = [(ACCOUNT, key)]
    made = [Signal(deal.since, f"deal:{deal.deal_id}:1open", "deal:open", deal_id=deal.deal_id)]
    if deal.status != "open":
        closed_at = max(deal.closed_at or deal.updated_at, deal.since)
        made.append(Signal(closed_at, f"deal:{deal.deal_id}:2closed", f"deal:{deal.status}", deal_id=deal.deal_id))
    return [(subject, signal) for subject in subjects for signal in made]


def claims_of(deal: Deal) -> list[accounts.ClaimRow]:
    """The account a deal gives its contacts."""
    key, ref = _key(deal), f"deal:{deal.deal_id}"
    if key is None:
        return []
    return [(("email", contact), "deal", ref, key, deal.since, ref) for contact in dict.fromkeys(deal.contacts)]


def _key(deal: Deal) -> str | None:
    return account_key(deal.account.id, deal.account.domain, deal.account.name) if deal.account else None
