"""The events that tell others what changed, ready for the outbox."""

from datetime import datetime

from services.lifecycle.domain.stages.fold import Transition
from services.lifecycle.store.outbox import Message
from services.lifecycle.store.sales import Alarm
from shared.events import encode
from shared.events.person import Person
from shared.events.stage_transition import StageTransition


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


def of_alarm(id_: str, alarm: Alarm, stage: str, version: str, now: datetime) -> Message:
    """An SLA warning or breach, stamped with the time it was due."""
    clock, _, what = alarm.what.partition("_")
    event = StageTransition(
        id_, alarm.person_id, alarm.cycle, stage, alarm.due_at, f"sla_{clock}", version, now,
        event=f"sla_{what}", from_stage=stage, owner=alarm.owner,
    )  # fmt: skip
    return Message("stage-transitions", alarm.person_id, id_, now, encode(event))
