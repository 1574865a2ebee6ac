"""Step 3: store signals, deals and account claims; find the persons for whom something is new."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from services.lifecycle.batch.deals import DealsTold, tell
from services.lifecycle.batch.identify import Identified, find_persons
from services.lifecycle.batch.renaming import rename
from services.lifecycle.domain.accounts.book import PUBLIC, TRUSTED
from services.lifecycle.domain.accounts.claims import keys_of, unresolved
from services.lifecycle.domain.collect import ACCOUNT, Facts
from services.lifecycle.domain.identity.links import WEAK, Key, owner_at
from services.lifecycle.domain.stages.state import Signal
from services.lifecycle.store import accounts, identifiers, persons, signals
from shared.db import Connection


@dataclass(slots=True)
class Evidence:
    """`signals`: new ones by person. `changed`: persons whose account or older signals are not what they were."""

    signals: dict[str, list[Signal]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)


async def record(connection: Connection, facts: Facts, identity: Identified, known_accounts: Set[str]) -> Evidence:
    """Store what the batch gives as evidence. `known_accounts`: keys certainly stored."""
    evidence = Evidence()
    whose = identity.person_of
    told = await tell(connection, facts.deals) if facts.deals else DealsTold()
    objects = [(named, TRUSTED if trusted else PUBLIC, "", name, at, event_id)
               for (named, trusted), (at, event_id, name) in facts.objects.items()]  # fmt: skip
    keys = facts.account_keys | told.account_keys | {k for row in (*objects, *told.objects) for k in keys_of(row[0])}
    if missing := keys - known_accounts:
        await accounts.ensure(connection, unresolved(missing))
    if objects or told.objects or told.objects_gone:
        evidence.changed.update(await rename(connection, [*objects, *told.objects], told.objects_gone))
    await _mark(connection, [key for key in told.concerned if key[0] != ACCOUNT], identity, evidence)
    await _mark_accounts(connection, [value for kind, value in told.concerned if kind == ACCOUNT], evidence)
    if facts.claims:
        rows = [(s, rule, key, trusted, key, *first) for (s, rule, key, trusted), first in facts.claims.items()]
        for subject in await accounts.add_claims(connection, rows):
            # All who ever owned it: a claim that turns out to be older may leave one of them for another.
            evidence.changed |= {whose[key] for key in identity.owners(subject)}
    if facts.acts:
        added, replaced = await signals.add(connection, facts.acts)
        for _, subject, signal in added:
            if owner := identity.owner(subject, signal.at):
                evidence.signals.setdefault(whose[owner], []).append(signal)
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
