"""Step 4: what changed, written to the tables and, in the same transaction, to the outbox."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from services.lifecycle.batch import messages, visitors
from services.lifecycle.batch.answers import write_answers
from services.lifecycle.batch.owners import owners_of
from services.lifecycle.domain.identity.links import WEAK
from services.lifecycle.domain.identity.person import Portrait, event
from services.lifecycle.domain.stages.rules import Lifecycle
from services.lifecycle.domain.stages.state import State, Transition
from services.lifecycle.store import outbox, persons
from services.lifecycle.store.outbox import Message
from services.lifecycle.store.persons import Row
from shared.db import Connection
from shared.events import encode
from shared.events.person import Membership, Person

Gone = tuple[str, str, Transition]
"""A transition in force until now: its id, the config version it came by, itself."""


@dataclass(slots=True)
class Change:
    """What a batch did to one person. `who` is None when only the state changed, not the person."""

    person_id: str
    state: State
    added: list[Transition]
    gone: list[Gone]
    who: Portrait | None
    companies: Sequence[Membership]


@dataclass(slots=True)
class Changes:
    """What a batch did to everybody. `ended`: persons who are nobody from now on -> their heir, if they have one."""

    visitors: dict[str, tuple[str, datetime, str]] = field(default_factory=dict)
    people: list[Change] = field(default_factory=list)
    ended: dict[str, str | None] = field(default_factory=dict)
    gone: dict[str, list[Gone]] = field(default_factory=dict)
    stored: dict[str, Row] = field(default_factory=dict)

    @property
    def merged(self) -> dict[str, str]:
        """Persons merged just now -> their heir."""
        return {person_id: heir for person_id, heir in self.ended.items() if heir is not None}


@dataclass(frozen=True, slots=True)
class Writing:
    """How changes are written: by which rules, when, under which new ids; alarms wait `settle` for late news."""

    config: Lifecycle
    now: datetime
    mint: Callable[[], str]
    settle: timedelta


async def write(connection: Connection, changes: Changes, how: Writing) -> None:
    """Store changes and queue the events that tell of them. Nothing is written when nothing differs."""
    owners = await owners_of(connection, changes.people, changes.merged, how.config.owners)
    rows, queue = _ended_rows(changes, how.now)
    version = how.config.version
    arrived, transitions = visitors.arrive(changes.visitors, how.config, how.now, how.mint, queue)
    new = []
    for change in changes.people:
        owner = change.state.owner or owners.get((change.person_id, change.state.cycle))
        before = changes.stored.get(change.person_id)
        row, person = _row(change, before, owner)
        if before is None:
            new.append(row)
        elif row != before:
            rows.append(row)
        if person is not None:
            queue.append(messages.of_person(person, how.now))
        for transition in change.added:
            id_ = how.mint()
            transitions.append((id_, change.person_id, transition))
            queue.append(messages.of_transition(id_, change.person_id, transition, owner, version, how.now))
    gone = [(p, *g) for c in changes.people for p in (c.person_id,) for g in c.gone]
    gone += [(person_id, *g) for person_id, each in changes.gone.items() for g in each]
    queue += [messages.of_correction(id_, person_id, t, of, how.now) for person_id, id_, of, t in gone]
    if gone:
        await persons.supersede(connection, [id_ for _, id_, _, _ in gone], how.now)
    if arrived:
        await persons.add_visitors(connection, arrived)
    if new:
        await persons.add(connection, new)
    if rows:
        await persons.update(connection, rows)
    if transitions:
        await persons.add_transitions(connection, transitions, version, how.now)
    again = [c.person_id for c in changes.people if c.who is not None and c.person_id in changes.stored]
    again += [person_id for person_id, heir in changes.ended.items() if heir is None]
    queue += await write_answers(
        connection, changes.people, again, changes.merged, owners, how.config, how.now, how.settle
    )
    if queue:
        await outbox.put(connection, queue)


def _row(change: Change, before: Row | None, owner: str | None) -> tuple[Row, Person | None]:
    """The person's row, and the people event when the person is not what it was."""
    state, who = change.state, change.who
    version, digest, person = (before.version, before.digest, None) if before else (0, b"", None)
    if who is not None:
        person = event(change.person_id, 0, who, change.companies, state.lead_created)
        new = _digest(person)
        if version and new == digest:
            person = None
        else:
            version, digest = version + 1, new
            person = msgspec.structs.replace(person, version=version)
    row = Row(
        person_id=change.person_id,
        version=version,
        merged_into=None,
        email=who.email if who else before and before.email,
        account_keys=_keys(who) if who else before and before.account_keys,
        account_id=(change.companies[-1].account_id if change.companies else None)
        if who
        else before and before.account_id,
        stage=state.stage,
        stage_since=state.since,
        score=state.score,
        cycle=state.cycle,
        owner=owner,
        first_seen_at=who.first_seen[0] if who else before and before.first_seen_at,
        state=None if state.last is None else msgspec.json.encode(state),
        digest=digest,
    )
    return row, person


def _keys(who: Portrait) -> list[str] | None:
    """The account keys that decide where a person belonged, sorted."""
    return sorted({spell.claim.key for spell in who.spells}) or None


def _digest(person: Person) -> bytes:
    """A hash of a people event; empty for a plain visitor, so that most persons never need one."""
    only = person.identifiers[0] if len(person.identifiers) == 1 else None
    if only and only.kind == WEAK and not (person.account or person.lead_created_at or only.since or only.until):
        return b""
    return hashlib.blake2b(encode(person), digest_size=16).digest()


def _ended_rows(changes: Changes, now: datetime) -> tuple[list[Row], list[Message]]:
    """Who is nobody any more keeps a row and an id, and nothing else."""
    rows, queue = [], []
    for person_id, heir in changes.ended.items():
        version = changes.stored[person_id].version + 1
        rows.append(Row(person_id, version, heir, *(None,) * 5, 0, 1, *(None,) * 3, b""))
        queue.append(messages.of_person(Person(person_id, version, merged_into=heir), now))
    return rows, queue
