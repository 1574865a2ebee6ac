"""Children that are started, watched, started again when they die, and stopped in order."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.embedded.processes import last_words, tail
from deploy.supervise.policy import GiveUp, Patience, RestartAt, after_death
from shared.errors import ClosedloopError
from shared.process import LOOK_FIRST, WRONG


class GaveUp(ClosedloopError):
    """A process keeps dying; the message has the last lines it logged."""


@dataclass
class Child:
    """One process that should always run. `spawn` starts it and returns at once."""

    name: str
    spawn: Callable[[], "subprocess.Popen[bytes]"]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    process: "subprocess.Popen[bytes] | None" = None
    deaths: list[float] = field(default_factory=list)
    restart_at: float | None = None

    def start(self) -> None:
        """Start the process."""
        self.restart_at = None
        self.process = self.spawn()

    @property
    def pid(self) -> int | None:
        """Its process id; None while it does not run."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None


class Supervisor:
    """Watches children. `look` is one round; the caller decides how often. From the main thread only (see spawn)."""

    def __init__(self, on_event: Callable[[str, str], None], patience: Patience = Patience()) -> None:  # noqa: B008 - frozen
        self.children: dict[str, Child] = {}
        self._on_event = on_event
        self._patience = patience

    def start(self, child: Child) -> None:
        """Start a child and watch it from now on."""
        self.children[child.name] = child
        child.start()

    def look(self) -> bool:
        """Notice deaths and start again what is due. True when a process began or ended. Raises GaveUp."""
        now = time.monotonic()
        changes = [self._look_at(child, now) for child in self.children.values()]
        return any(changes)

    def _look_at(self, child: Child, now: float) -> bool:
        if child.restart_at is not None:
            if now < child.restart_at:
                return False
            child.start()
            self._on_event(child.name, f"started again, pid {child.pid}")
            return True
        if child.process is None or child.process.poll() is None:
            return False
        child.deaths.append(now)
        code = child.process.returncode
        ended = _how_it_ended(code)
        match after_death(child.deaths, self._patience, code):
            case GiveUp() if code == WRONG:
                raise GaveUp(f"{child.name} cannot run. {last_words(child.log)}")
            case GiveUp(deaths):
                raise GaveUp(
                    f"{child.name} {ended}: {deaths} times within {self._patience.within:g} s. "
                    f"The last lines of {child.log}:\n{tail(child.log)}"
                )
            case RestartAt(at):
                child.restart_at = at
        if code == LOOK_FIRST:
            child.deaths.pop()
            ended = f"stopped: {last_words(child.log)}"
        self._on_event(child.name, f"{ended}; starting it again (its log: {child.log})")
        return True

    def stop(self, names: Iterable[str], seconds: float) -> None:
        """Ask these children to stop, all at once; kill the ones that still run after `seconds`."""
        stopping = [self.children[name] for name in names if name in self.children]
        for child in stopping:
            child.restart_at = None
            if child.process is not None:
                child.process.send_signal(child.stop_signal)
        deadline = time.monotonic() + seconds
        for child in stopping:
            if child.process is None:
                continue
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
                continue
            self._on_event(child.name, f"did not stop within {seconds:g} s; killed")
            child.process.kill()
            child.process.wait()


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"stopped with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
