"""What cannot be used, and why: times nobody means; acts of sales on a person, or by an owner, who does not exist."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from services.lifecycle.domain.collect import Facts, act
from services.lifecycle.domain.times import EARLIEST, LATEST, absurd_time
from services.lifecycle.store import identifiers
from services.lifecycle.store.outbox import Message
from shared.db import Connection
from shared.events.lead_action import LeadAction
from shared.kafka.consume import Record
from shared.kafka.letters import letter_of

Unusable = tuple[Record, str]
"""A record that cannot be used, and why."""


async def resolve_actions(connection: Connection, facts: Facts) -> dict[str, str]:
    """Give each action the identifier that speaks for its person; for those without one, action id -> reason."""
    asked = {action.person_id for action in facts.actions if _is_uuid(action.person_id)}
    found = await identifiers.speaking_for(connection, [person_id for person_id in asked if person_id])
    unknown = {}
    for action in facts.actions:
        if action.person_id in found:
            act(action, [found[action.person_id]], facts)
        else:
            unknown[action.action_id] = (
                f"there is no person {action.person_id!r}; name the lead by person_id, email or user_id"
            )
    facts.actions = []
    return unknown


def usable(records: Sequence[Record], owners: Sequence[str]) -> tuple[list[Record], list[Unusable]]:
    """The records whose times can be reckoned with, and whose owner is one of `owners`; the others, with the reason."""
    good, bad = [], []
    for record in records:
        event, wrong = record.event, absurd_time(record.event)
        if wrong is not None:
            bad.append((record, f"{wrong}: closedloop takes times from {EARLIEST:%Y} to before {LATEST:%Y}"))
        elif isinstance(event, LeadAction) and event.owner is not None and event.owner not in owners:
            # Else the key of any source could act as anybody.
            bad.append((record, f"there is no owner {event.owner!r}; lifecycle.owners are {', '.join(owners)}"))
        else:
            good.append(record)
    return good, bad


def unknown_people(records: Sequence[Record], unknown: Mapping[str, str]) -> list[Unusable]:
    """The records of actions that name nobody; `unknown`: action id -> reason."""
    return [
        (record, reason)
        for record in records
        if isinstance(record.event, LeadAction) and (reason := unknown.get(record.event.action_id))
    ]


def letters_of(group: str, unusable: Sequence[Unusable], now: datetime) -> list[Message]:
    """The dead letters of records that cannot be used."""
    letters = [letter_of("dead-letters", group, record.topic, record.raw, reason) for record, reason in unusable]
    return [Message("dead-letters", one.key.decode(), one.key.decode(), now, one.value) for one in letters]


def _is_uuid(text: str | None) -> bool:
    try:
        return bool(text and uuid.UUID(text))
    except ValueError:
        return False
