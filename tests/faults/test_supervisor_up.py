"""`closedloop up` as a person runs it: whatever is killed comes back, and nothing is left when it stops."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.embedded.processes import belonging_to
from deploy.supervise.folder import DataFolder, NotRunning, State
from deploy.supervise.services import why_not_ready

CLOSEDLOOP = Path(sys.executable).with_name("closedloop")
PROCESSES = {"ingest", "lifecycle", "attribution", "kafka", "postgres"}
READY_WITHIN = 180.0  # seconds; generous, for the machine may be shared


class Up:
    """One `closedloop up` in a folder of its own, with own engines whatever the environment says."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self._folder = folder
        given = {"CLOSEDLOOP_KAFKA", "CLOSEDLOOP_DATABASE_URL", "CLOSEDLOOP_PORT", "CLOSEDLOOP_CONFIG"}
        self.environment = {name: value for name, value in os.environ.items() if name not in given}
        self.environment["CLOSEDLOOP_DATA"] = str(self.data)
        self.port = random.randrange(10_000, 19_000, 3)
        self.start()

    def start(self) -> None:
        with (self._folder / "terminal.txt").open("ab") as output:
            self.process = subprocess.Popen(
                [CLOSEDLOOP, "up", "--port", str(self.port)],
                cwd=self._folder, env=self.environment, stdout=output, stderr=output,
            )  # fmt: skip

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [CLOSEDLOOP, *arguments],
            cwd=self._folder, env=self.environment, capture_output=True, text=True, timeout=READY_WITHIN, check=False,
        )  # fmt: skip

    def wait_ready(self) -> dict[str, int]:
        """The pids once everything is ready."""
        _until(self._is_ready, (self._folder / "terminal.txt").read_text)
        return self.state.processes

    @property
    def state(self) -> State:
        return DataFolder(self.data).state()

    def _is_ready(self) -> bool:
        try:
            state = self.state
        except NotRunning:
            return False
        return state.processes.keys() == PROCESSES and not any(why_not_ready(url) for url in state.http.values())

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=90)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One for all tests here: each of them leaves it running as it found it."""
    running = Up(tmp_path_factory.mktemp("up"))
    yield running
    assert running.stop() == 0
    assert belonging_to(running.data) == []


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_a_killed_process_is_started_again(up: Up, name: str) -> None:
    before = up.wait_ready()

    os.kill(before[name], signal.SIGKILL)
    _until(lambda: up.state.processes.get(name) not in (None, before[name]))
    after = up.wait_ready()

    assert {process: pid for process, pid in after.items() if process != name} == {
        process: pid for process, pid in before.items() if process != name
    }


def test_a_second_up_in_the_same_folder_is_refused(up: Up) -> None:
    up.wait_ready()

    second = up.run("up", "--port", str(up.port + 3))

    assert second.returncode == 1
    assert "already runs" in second.stdout


def test_after_kill_9_of_up_itself_the_next_one_takes_over(up: Up) -> None:
    before = up.wait_ready()
    where = up.state.database_url

    up.process.kill()
    up.process.wait()
    assert up.run("status").returncode == 1
    up.start()
    after = up.wait_ready()

    assert set(before.values()).isdisjoint(after.values())
    assert not any(psutil.pid_exists(pid) for pid in before.values())
    assert up.state.database_url == where


def test_doctor_finds_nothing_to_mend(up: Up) -> None:
    up.wait_ready()

    checked = up.run("doctor")

    assert checked.returncode == 0, checked.stdout


def test_status_says_where_everything_is(up: Up) -> None:
    processes = up.wait_ready()

    said = json.loads(up.run("status", "--json").stdout)

    names = ("ingest", "lifecycle", "attribution")
    assert said["http"] == {name: f"http://127.0.0.1:{up.port + offset}" for offset, name in enumerate(names)}
    assert said["processes"] == processes
    assert said["lag"] == {"closedloop.lifecycle": 0, "closedloop.attribution": 0, "closedloop.dead-letters": 0}
    assert all(httpx.get(f"{url}/health/live").status_code == 200 for url in said["http"].values())


def test_waiting_until_drained_ends_when_nothing_waits(up: Up) -> None:
    up.wait_ready()

    waited = up.run("wait", "--drained", "--timeout", "60")

    assert waited.returncode == 0, waited.stderr


def _until(happened: Callable[[], bool], story: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not happened():
        assert time.monotonic() < deadline, story()
        time.sleep(0.1)
