"""How long sales had and took."""

from datetime import timedelta

from services.lifecycle.domain.clock.sla import breached, minutes, timers
from services.lifecycle.domain.stages.fold import Response
from services.lifecycle.domain.stages.rules import Sla
from services.lifecycle.ids import Mint
from tests.lifecycle.builders import at

SLA = Sla(contact=timedelta(minutes=60), decide=timedelta(minutes=120))


def test_alarms_ring_at_half_and_at_the_end_of_each_budget() -> None:
    assert [(t.what, t.due_at) for t in timers(Response(at(0)), SLA)] == [
        ("contact_warning", at(30)), ("contact_breached", at(60)),
        ("decide_warning", at(60)), ("decide_breached", at(120)),
    ]  # fmt: skip
    assert {t.what for t in timers(Response(at(0), contacted_at=at(5)), SLA)} == {"decide_warning", "decide_breached"}
    assert timers(Response(at(0), decided_at=at(5)), SLA) == []


def test_a_breach_is_a_contact_or_a_decision_too_late() -> None:
    assert not breached(Response(at(0)), SLA, now=at(60))
    assert breached(Response(at(0)), SLA, now=at(61))
    assert not breached(Response(at(0), contacted_at=at(59), decided_at=at(119)), SLA, now=at(999))
    assert breached(Response(at(0), contacted_at=at(59), decided_at=at(121)), SLA, now=at(999))
    assert not breached(Response(at(0), decided_at=at(30)), SLA, now=at(999)), "rejected unseen: no call needed"


def test_minutes_are_whole_and_open_ends_have_none() -> None:
    assert minutes(at(0), at(1.9)) == 1
    assert minutes(at(0), None) is None


def test_ids_grow_so_that_the_first_minted_is_the_least() -> None:
    mint = Mint()
    ids = [mint() for _ in range(5000)]
    assert ids == sorted(set(ids))
    assert all(len(id_) == 36 and id_[14] == "7" for id_ in ids)
