"""Which alarms are to be set, kept and taken back, when what is known of some leads' answers has changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from services.lifecycle.domain.clock import sla
from services.lifecycle.domain.clock.sla import Step
from services.lifecycle.domain.stages.answer import Answer
from services.lifecycle.domain.stages.rules import Sla

Pass = tuple[str, int]
"""(person id, cycle)"""


class Alarm(NamedTuple):
    """An alarm of one pass as it is set. `rung_as` is the id of the event that told of it; None: it has not rung.

    It is empty for an alarm that rang under the first version, which did not keep the id.
    """

    person_id: str
    cycle: int
    what: str
    due_at: datetime
    rung_as: str | None = None

    @property
    def step(self) -> Step:
        """Which alarm it is."""
        return Step(self.what, self.due_at)


@dataclass(slots=True)
class Plan:
    """What is to be done: `drop` alarms that are set, take back those that rang for nothing, `put` others."""

    drop: list[Alarm] = field(default_factory=list)
    taken_back: list[Alarm] = field(default_factory=list)
    put: list[Alarm] = field(default_factory=list)


def plan(standing: Iterable[Alarm], answers: Mapping[Pass, Answer], heirs: Mapping[str, str], limits: Sla) -> Plan:
    """Bring alarms in line with answers. `standing`: those set for the persons concerned, and for whom they were merged
    with; `heirs`: person -> the one they are merged into.

    Each step rings once for each time it is due. One that rang and was right stays, also under the heir of a merged
    person; one that rang at a time that is no longer due, or after its clock had stopped, is taken back.
    """
    made = Plan()
    kept: set[Alarm] = set()
    wanted = {one: sla.steps(answer, limits) for one, answer in answers.items()}
    for alarm in sorted(standing, key=lambda a: (a.rung_as is None, a.person_id in heirs, a)):  # what rang comes first
        heir = alarm._replace(person_id=heirs.get(alarm.person_id, alarm.person_id))
        of, place = (heir.person_id, heir.cycle), heir._replace(rung_as=None)
        counts = sla.runs if alarm.rung_as is None else sla.is_right
        if of in answers and alarm.step in wanted[of] and place not in kept and counts(answers[of], alarm.step):
            kept.add(place)
            if heir != alarm:
                made.drop.append(alarm)
                made.put.append(heir)
            continue
        made.drop.append(alarm)
        if alarm.rung_as:
            made.taken_back.append(alarm)
    for (person_id, cycle), steps in wanted.items():
        for step in steps:
            alarm = Alarm(person_id, cycle, *step)
            if alarm not in kept and sla.runs(answers[person_id, cycle], step):
                made.put.append(alarm)
    return made
