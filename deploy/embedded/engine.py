"""What Kafka and PostgreSQL have in common when they run as our children."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import psutil

from deploy.embedded.processes import belonging_to, end, tail
from shared.errors import EngineError

STARTS_WITHIN = 120.0  # seconds; Kafka takes 2 s on a quiet machine, more than 20 s on a busy one
STOPS_WITHIN = 30.0  # seconds until it is killed


class Engine(Protocol):
    """One engine in one data folder."""

    name: str
    url: str  # what clients connect to; known after `prepare`, the same until the next `prepare`
    address: str  # the same without any password, for a person
    log: Path
    stop_signal: signal.Signals  # asks for an orderly stop

    def prepare(self) -> None:
        """Make what must exist before the first start; quick when it does. Raises EngineError."""

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the process and return at once."""

    def answers(self) -> bool:
        """Whether a client gets an answer now; takes a second or two when not."""


E = TypeVar("E", bound=Engine)


class EngineDidNotStart(EngineError):
    """An engine exited or stayed silent; the message has the last lines it logged."""


def await_answer(engine: Engine, process: "subprocess.Popen[bytes]", seconds: float = STARTS_WITHIN) -> None:
    """Return when clients get answers. Raises EngineDidNotStart when the process ends or `seconds` pass."""
    deadline = time.monotonic() + seconds
    while not engine.answers():
        if process.poll() is not None:
            raise EngineDidNotStart(_why(engine, f"stopped with exit code {process.returncode}"))
        if time.monotonic() > deadline:
            raise EngineDidNotStart(_why(engine, f"did not answer within {seconds:.0f} s"))
        time.sleep(0.1)


def _why(engine: Engine, what: str) -> str:
    return f"{engine.name} {what}. The last lines of {engine.log}:\n{tail(engine.log)}"


@contextlib.contextmanager
def running(engine: E) -> Iterator[E]:
    """An engine that answers, for as long as the block lasts."""
    engine.prepare()
    process = engine.spawn()
    try:
        await_answer(engine, process)
        yield engine
    finally:
        stop(engine, process)


def stop(engine: Engine, process: "subprocess.Popen[bytes]", seconds: float = STOPS_WITHIN) -> None:
    """Ask for an orderly stop, wait up to `seconds`, then kill. Does nothing when it has ended already."""
    process.send_signal(engine.stop_signal)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def clear_leftovers(data: Path) -> int:
    """End what a killed run left behind in this data folder; returns how many processes that were.

    Only call it while holding the folder's lock: whatever still runs then has lost its parent.
    """
    left = belonging_to(data)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            # To PostgreSQL SIGTERM means "when every client has left"; to all others it means "now, in order".
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    end(left, seconds=STOPS_WITHIN)
    return len(left)
