"""Small builders of events, and a driver that puts them through the real handler into a real database."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from services.lifecycle.config import configured
from services.lifecycle.domain.identity.strong import DEFAULT_BOUNDS, Bounds
from services.lifecycle.domain.stages.state import Transition
from services.lifecycle.handler import LifecycleHandler
from shared import db
from shared.events import encode, type_of
from shared.events.deal import Deal, DealStatus
from shared.events.lead_action import LeadAction, LeadActionKind
from shared.events.person import Person
from shared.events.touchpoint import Account, Touchpoint
from shared.kafka.consume import Record

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
NAMESPACE = uuid.UUID(int=1)


def at(minute: float) -> datetime:
    """A moment, in minutes from the start of the test's time."""
    return START + timedelta(minutes=minute)


def touch(id: str, minute: float, kind: str = "page_view", received: float | None = None, **fields: Any) -> Touchpoint:
    """A touchpoint, received when it occurred unless said otherwise."""
    received_at = at(minute if received is None else received)
    return Touchpoint(str(uuid.uuid5(NAMESPACE, id)), "test", kind, at(minute), received_at, **fields)


def deal(
    id: str, created: float, status: DealStatus = "open", closed: float | None = None, updated: float | None = None,
    contacts: Sequence[str] = (), account: Account | None = None,
) -> Deal:  # fmt: skip
    """A version of a deal; without `updated` it is as old as its close, or its creation."""
    closed_at = None if closed is None else at(closed)
    updated_at = at(updated) if updated is not None else closed_at or at(created)
    return Deal(
        id, "test", status, Decimal(100), "USD", at(created), updated_at, updated_at,
        account=account, contacts=tuple(contacts), closed_at=closed_at,
    )  # fmt: skip


def action(
    id: str, minute: float, what: LeadActionKind, email: str | None = None, received: float | None = None, **fields: Any
) -> LeadAction:
    """Something sales did."""
    return LeadAction(id, "test", what, at(minute), at(minute if received is None else received), email=email, **fields)


class World:
    """A database with a handler of its own, as one lifecycle process would have."""

    def __init__(
        self,
        database_url: str,
        section: dict[str, Any] | None = None,
        now: datetime = NOW,
        bounds: Bounds = DEFAULT_BOUNDS,
    ) -> None:
        self.pool = db.engine(database_url, "closedloop_lifecycle")
        self._admin = database_url
        self.now = now
        self.handler = LifecycleHandler(configured(section or {}), lambda: self.now, bounds=bounds)

    async def apply(self, *batch: msgspec.Struct) -> None:
        """One batch, one transaction, as the consume loop does it."""
        records = [Record(type_of(event).topic, event, _raw(offset, event)) for offset, event in enumerate(batch)]
        async with db.transaction(self.pool) as connection:
            await self.handler(connection, records)
        self.handler.committed()

    async def rows(self, sql: str, *arguments: object) -> list[Any]:
        """What a query gives."""
        async with db.transaction(self.pool) as connection:
            return [tuple(row) for row in await connection.fetch(sql, *arguments)]

    async def stages(self) -> dict[str, str]:
        """The stage of each person by email, else user id, else anonymous id."""
        rows = await self.rows(
            "SELECT DISTINCT ON (p.person_id) i.value, p.stage FROM lifecycle.identifier i "
            "JOIN warehouse.dim_person p USING (person_id) ORDER BY p.person_id, "
            "array_position(ARRAY['email', 'user_id', 'anonymous_id'], i.kind), i.first_at"
        )
        return dict(rows)

    async def queued(self) -> dict[str, Person]:
        """The last people event of each person in the outbox, which nobody empties here."""
        newest: dict[str, Person] = {}
        for (value,) in await self.rows("SELECT value FROM lifecycle.outbox WHERE topic = 'people' ORDER BY seq"):
            person = msgspec.json.decode(value, type=Person)
            if person.person_id not in newest or newest[person.person_id].version < person.version:
                newest[person.person_id] = person
        return newest

    async def lives(self, newest: dict[str, Person] | None = None) -> dict[frozenset[tuple[Any, ...]], Any]:
        """What is stored, in the form of `reference.lives`: the last people event of each person, and the warehouse."""
        newest = await self.queued() if newest is None else newest
        transitions, answers = await self._by_person()
        result = {}
        for person_id, merged, email, account_id, stage, score, cycle, first in await self.rows(
            "SELECT person_id::text, merged_into, email, account_id, stage, score, cycle, first_seen_at "
            "FROM warehouse.dim_person"
        ):
            person = newest[person_id]
            assert (person.merged_into is None) == (merged is None)
            if merged is not None or (stage is None and not person.identifiers):
                assert not person.identifiers and person_id not in transitions and person_id not in answers
                continue
            account = person.account
            assert account_id == (account and account.account_id)
            now = person.memberships[-1] if person.memberships else None
            assert (account and msgspec.structs.astuple(account)) == (now and msgspec.structs.astuple(now)[:4])
            result[frozenset((i.kind, i.value, i.since, i.until) for i in person.identifiers)] = (
                person.memberships,
                stage, score, cycle,
                person.lead_created_at and (person.lead_created_at, person.lead_created_by), email, first,
                answers.get(person_id, {}), sorted(transitions.get(person_id, []), key=str),
                frozenset((shared.kind, shared.value) for shared in person.shared),
            )  # fmt: skip
        return result

    async def _by_person(self) -> tuple[dict[str, list[Transition]], dict[str, dict[int, Any]]]:
        transitions: dict[str, list[Transition]] = {}
        for person_id, *row in await self.rows(
            "SELECT person_id::text, cycle, from_stage, to_stage, occurred_at, rule, reason, signal_id "
            "FROM warehouse.fct_stage_transition WHERE superseded_at IS NULL"
        ):
            transitions.setdefault(person_id, []).append(Transition(*row))
        answers: dict[str, dict[int, Any]] = {}
        for person_id, cycle, *row in await self.rows(
            "SELECT person_id::text, cycle, mql_at, contacted_at, decided_at, decision, reason "
            "FROM warehouse.fct_sales_response"
        ):
            answers.setdefault(person_id, {})[cycle] = tuple(row)
        return transitions, answers

    async def fingerprint(self) -> list[Any]:
        """Everything that a redelivery must not change."""
        tables = ("lifecycle.identifier", "lifecycle.person", "lifecycle.outbox", "lifecycle.signal",
                  "lifecycle.deal_signal",
                  "warehouse.fct_stage_transition", "warehouse.fct_sales_response", "lifecycle.sla_timer",
                  "lifecycle.assignment", "lifecycle.account_alias", "lifecycle.claim", "lifecycle.weak_link",
                  "lifecycle.rotation", "lifecycle.strong_link", "lifecycle.weak_owner")  # fmt: skip
        return [sorted(map(str, await self.rows(f"SELECT * FROM {table}"))) for table in tables]

    async def close(self) -> None:
        """Give the connections back."""
        await self.pool.dispose()


class Raw(NamedTuple):
    """What a dead letter is made of."""

    partition: int
    offset: int
    timestamp: int
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


def _raw(offset: int, event: Any) -> Raw:
    return Raw(0, offset, 0, encode(event))


def batches(events: Iterable[msgspec.Struct], sizes: Sequence[int]) -> list[list[msgspec.Struct]]:
    """Events cut into batches of these sizes, again and again."""
    left, cut, index = list(events), [], 0
    while left:
        size = sizes[index % len(sizes)]
        cut.append(left[:size])
        left = left[size:]
        index += 1
    return cut
