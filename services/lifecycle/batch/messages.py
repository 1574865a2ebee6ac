"""The events that tell others what changed, ready for the outbox."""

import uuid
from datetime import datetime

import msgspec

from services.lifecycle.domain.clock.alarms import Alarm
from services.lifecycle.domain.stages.state import Transition
from services.lifecycle.store.outbox import Message
from services.lifecycle.store.sales import Ringing
from shared.events import encode
from shared.events.dead_letter import DeadLetter
from shared.events.person import Person
from shared.events.stage_transition import StageTransition
from shared.kafka.letters import NAMESPACE as LETTERS
from shared.kafka.letters import body_of

LETTER_SHOWS = 100_000
"""Characters of a refused event that its dead letter holds, so that Kafka takes the letter."""


def of_person(person: Person, now: datetime) -> Message:
    """A person as known now."""
    return Message("people", person.person_id, f"{person.person_id}:{person.version}", now, encode(person))


def of_transition(id_: str, person_id: str, t: Transition, owner: str | None, version: str, now: datetime) -> Message:
    """A stage change."""
    event = StageTransition(
        id_, person_id, t.cycle, t.to_stage, t.at, t.rule, version, now,
        from_stage=t.from_stage, reason=t.reason, owner=owner,
    )  # fmt: skip
    return Message("stage-transitions", person_id, id_, now, encode(event))


def of_correction(id_: str, person_id: str, t: Transition, version: str, now: datetime) -> Message:
    """A stage change that, as is known now, never happened."""
    event = StageTransition(
        id_, person_id, t.cycle, t.to_stage, t.at, t.rule, version, now,
        event="superseded", from_stage=t.from_stage, reason=t.reason, superseded_at=now,
    )  # fmt: skip
    return Message("stage-transitions", person_id, f"{id_}:superseded", now, encode(event))


def of_refused(message: Message, reason: str, now: datetime) -> Message:
    """The dead letter of an event that Kafka will never take; the whole of a large one is in `lifecycle.refused`."""
    body, encoding = body_of(message.value)
    if len(body) > LETTER_SHOWS:
        body = body[:LETTER_SHOWS]
        reason += f"; this is the beginning, the whole event is in lifecycle.refused, event_id {message.event_id}"
    origin = f"lifecycle:outbox:{message.topic}:{message.event_id}"
    letter = DeadLetter(str(uuid.uuid5(LETTERS, origin)), origin, reason, body, now, encoding, message.topic)
    return Message("dead-letters", letter.dead_letter_id, letter.dead_letter_id, now, encode(letter))


def of_alarm(ringing: Ringing, stage: str, version: str, now: datetime) -> Message:
    """An SLA warning or breach, stamped with the time it was due."""
    what = ringing.alarm.what.partition("_")[2]
    event = _alarm(ringing.alarm, stage, version, now, f"sla_{what}")
    return _message(msgspec.structs.replace(event, owner=ringing.owner), event.transition_id, now)


def of_alarm_taken_back(alarm: Alarm, stage: str, version: str, now: datetime) -> Message:
    """An SLA warning or breach that, as is known now, rang for nothing."""
    event = _alarm(alarm, stage, version, now, "superseded")
    return _message(msgspec.structs.replace(event, superseded_at=now), f"{event.transition_id}:superseded", now)


def _alarm(alarm: Alarm, stage: str, version: str, now: datetime, event: str) -> StageTransition:
    clock = alarm.what.partition("_")[0]
    return StageTransition(
        alarm.rung_as or "", alarm.person_id, alarm.cycle, stage, alarm.due_at, f"sla_{clock}", version, now,
        event=event, from_stage=stage,
    )  # fmt: skip


def _message(event: StageTransition, event_id: str, now: datetime) -> Message:
    return Message("stage-transitions", event.person_id, event_id, now, encode(event))
