"""The supervisor with real processes: what is killed comes back, what keeps dying ends it loudly."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.embedded.processes import spawn
from deploy.supervise.policy import Patience
from deploy.supervise.supervisor import Child, GaveUp, Supervisor

LIVES = "import time; time.sleep(600)"
DIES = "raise SystemExit('the disk is full')"
WRONG_CONFIGURATION = """import sys
print('{"event": "starting"}')
print('service: closedloop.yaml:3: lifecycle.preset: there is none')
sys.exit(78)"""
TOO_MANY_BAD = "import sys; print('most records were bad'); sys.exit(75)"
IGNORES_SIGTERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(600)"
)


@pytest.fixture
def events() -> list[str]:
    """What a person was told."""
    return []


@pytest.fixture
def supervisor(events: list[str]) -> Iterator[Supervisor]:
    patience = Patience(deaths=3, within=60, first_pause=0.05, look_first_pause=0.05)
    supervisor = Supervisor(lambda name, what: events.append(f"{name} {what}"), patience)
    yield supervisor
    supervisor.stop(list(supervisor.children), seconds=0.1)


@pytest.fixture
def child(tmp_path: Path) -> Callable[[str, str], Child]:
    """child(name, program): runs a line of Python."""

    def make(name: str, program: str) -> Child:
        log = tmp_path / f"{name}.log"
        command = [sys.executable, "-c", program]
        return Child(
            name, lambda: spawn(command, log=log, env=os.environ, cwd="/", when_parent_dies=signal.SIGKILL), log
        )

    return make


def test_a_killed_process_comes_back(
    supervisor: Supervisor, child: Callable[[str, str], Child], events: list[str]
) -> None:
    victim, bystander = child("victim", LIVES), child("bystander", LIVES)
    supervisor.start(victim)
    supervisor.start(bystander)
    killed, untouched = victim.pid, bystander.pid
    assert killed is not None

    os.kill(killed, signal.SIGKILL)
    _look_until(supervisor, lambda: victim.pid not in (None, killed))

    assert bystander.pid == untouched
    assert events[0].startswith("victim was ended by SIGKILL; starting it again")
    assert events[1] == f"victim started again, pid {victim.pid}"


def test_a_process_that_keeps_dying_ends_it_with_its_last_words(
    supervisor: Supervisor, child: Callable[[str, str], Child]
) -> None:
    supervisor.start(child("service", DIES))

    with pytest.raises(GaveUp, match=r"(?s)stopped with exit code 1: 3 times.*the disk is full"):
        _look_until(supervisor, lambda: False)


def test_what_only_a_person_can_mend_ends_it_at_once_with_the_sentence(
    supervisor: Supervisor, child: Callable[[str, str], Child], events: list[str]
) -> None:
    supervisor.start(child("service", WRONG_CONFIGURATION))

    with pytest.raises(GaveUp) as gave_up:
        _look_until(supervisor, lambda: False)

    assert str(gave_up.value) == "service cannot run. service: closedloop.yaml:3: lifecycle.preset: there is none"
    assert events == []


def test_what_stopped_for_bad_records_does_not_end_the_others(
    supervisor: Supervisor, child: Callable[[str, str], Child], events: list[str]
) -> None:
    supervisor.start(child("service", TOO_MANY_BAD))
    _look_until(supervisor, lambda: len(events) >= 10)

    assert events[0].startswith("service stopped: most records were bad; starting it again")


def test_what_does_not_stop_in_time_is_killed(
    supervisor: Supervisor, child: Callable[[str, str], Child], events: list[str]
) -> None:
    stubborn = child("stubborn", IGNORES_SIGTERM)
    supervisor.start(stubborn)
    _look_until(supervisor, lambda: stubborn.log.read_text() == "on\n")

    supervisor.stop(["stubborn"], seconds=0.2)

    assert stubborn.pid is None
    assert events == ["stubborn did not stop within 0.2 s; killed"]


def test_what_waits_for_its_restart_is_not_started_once_stopping_began(
    supervisor: Supervisor, child: Callable[[str, str], Child]
) -> None:
    victim = child("victim", LIVES)
    supervisor.start(victim)
    assert victim.pid is not None
    os.kill(victim.pid, signal.SIGKILL)
    _look_until(supervisor, lambda: victim.restart_at is not None)

    supervisor.stop(["victim"], seconds=1)

    assert victim.pid is None
    assert victim.restart_at is None


def _look_until(supervisor: Supervisor, happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        supervisor.look()
        time.sleep(0.01)
