"""Sales' answers and the alarms that hang on them, brought in line with the folds of a batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from services.lifecycle.batch import messages
from services.lifecycle.domain.clock import alarms, sla
from services.lifecycle.domain.clock.alarms import Pass
from services.lifecycle.domain.clock.times import later, minutes
from services.lifecycle.domain.stages.answer import Answer
from services.lifecycle.domain.stages.rules import Lifecycle, Sla
from services.lifecycle.domain.stages.state import State
from services.lifecycle.store import sales
from services.lifecycle.store.outbox import Message
from services.lifecycle.store.sales import AnswerRow
from shared.db import Connection


class Answered(Protocol):
    """A person with the state folded for them."""

    person_id: str
    state: State


async def write_answers(
    connection: Connection,
    people: Sequence[Answered],
    again: Sequence[str],
    merged: Mapping[str, str],
    owners: Mapping[Pass, str],
    config: Lifecycle,
    now: datetime,
    settle: timedelta,
) -> list[Message]:
    """Store answers and alarms; the messages that take back alarms which rang for nothing.

    `again`: persons stored before and folded anew, whose passes may be fewer; `merged`: person -> heir. Alarms that are
    due already wait `settle` for late news.
    """
    answers = {(p.person_id, cycle): answer for p in people for cycle, answer in p.state.answers.items()}
    concerned = {person_id for person_id, _ in answers} | {*again, *merged}
    if not concerned:
        return []
    # Alarms before answers: the order in which an alarm that rings locks them too.
    standing = await sales.alarms_of(connection, sorted(concerned))
    if again or merged:
        await sales.forget_others(connection, [*again, *merged], answers)
    if answers:
        rows = [_row(one, answer, owners.get(one), config.sla, now) for one, answer in sorted(answers.items())]
        await sales.save(connection, rows)
    plan = alarms.plan(standing, answers, merged, config.sla)
    if plan.drop:
        await sales.drop_alarms(connection, plan.drop)
    if plan.put:
        await sales.put_alarms(connection, plan.put, later(now, settle))
    return [messages.of_alarm_taken_back(alarm, config.sales_stage, config.version, now) for alarm in plan.taken_back]


def _row(one: Pass, answer: Answer, turn: str | None, limits: Sla, now: datetime) -> AnswerRow:
    return AnswerRow(
        *one,
        owner=answer.owner or turn,
        mql_at=answer.mql_at,
        due_at=sla.due_at(sla.DECIDE, answer, limits),
        contact_due_at=sla.due_at(sla.CONTACT, answer, limits),
        contacted_at=answer.contacted_at,
        decided_at=answer.decided_at,
        decision=answer.decision,
        reason=answer.reason,
        breached=sla.breached(answer, limits, now),
        minutes_to_contact=minutes(answer.mql_at, answer.contacted_at),
        minutes_to_decision=minutes(answer.mql_at, answer.decided_at),
        returned_at=answer.returned_at,
        return_reason=answer.return_reason,
    )
