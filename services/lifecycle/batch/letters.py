"""Lead actions that name a person by id: found, or a dead letter."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from services.lifecycle.domain.collect import Facts, act
from services.lifecycle.store import identifiers
from services.lifecycle.store.outbox import Message
from shared.db import Connection
from shared.events.lead_action import LeadAction
from shared.kafka.consume import Record
from shared.kafka.letters import letter_of


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


def letters_of(group: str, records: Sequence[Record], unknown: dict[str, str], now: datetime) -> list[Message]:
    """The dead letters of actions that cannot be used."""
    messages = []
    for record in records:
        if isinstance(record.event, LeadAction) and (reason := unknown.get(record.event.action_id)):
            letter = letter_of("dead-letters", group, record.topic, record.raw, reason)
            messages.append(Message("dead-letters", letter.key.decode(), letter.key.decode(), now, letter.value))
    return messages


def _is_uuid(text: str | None) -> bool:
    try:
        return bool(text and uuid.UUID(text))
    except ValueError:
        return False
