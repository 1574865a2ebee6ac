"""The data folder: who may use it, the keys made for it, and what runs in it now."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from shared.command import CLOSEDLOOP
from shared.errors import ClosedloopError


class AlreadyRunning(ClosedloopError):
    """Another `closedloop up` uses this data folder."""


class NotAFolder(ClosedloopError):
    """What should be the data folder is something else, or cannot be made."""


class NotRunning(ClosedloopError):
    """No `closedloop up` uses this data folder."""


class StillStarting(NotRunning):
    """`closedloop up` holds this data folder but has not started everything yet."""


class Keys(msgspec.Struct, frozen=True):
    """A key for touchpoints and one for all else; None where no source has such a key."""

    write_key: str | None
    secret_key: str | None


class State(msgspec.Struct, frozen=True):
    """What runs now and where; `closedloop up` writes it, others read it. For its owner only: it has a password."""

    http: dict[str, str]  # service -> URL
    kafka: str
    database_url: str
    processes: dict[str, int]  # name -> pid, of those that run
    config: str | None = None  # the file the services were started with


class DataFolder:
    """The folder `path`; made when it is missing, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        if self.path.exists() and not self.path.is_dir():
            raise NotAFolder(f"{self.path} is a file. Name a folder with --data (or CLOSEDLOOP_DATA, or `data`).")
        self.logs = self.path / "logs"
        self._state = self.path / "state.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder. Raises AlreadyRunning when another process does; the system frees it when we die."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.logs.mkdir(exist_ok=True)
        except OSError as error:
            raise NotAFolder(f"{self.path} cannot be made ({error.strerror}). Name another with --data.") from error
        with (self.path / "lock").open("a") as lock:
            if not _lock(lock.fileno(), seconds=1):  # longer than `is_held` of another command holds it
                raise AlreadyRunning(
                    f"closedloop already runs in {self.path}: `{CLOSEDLOOP} status` shows it, Ctrl-C there stops it. "
                    f"To run another beside it, give it a folder and a port: {CLOSEDLOOP} up --data DIR --port N"
                )
            self._state.unlink(missing_ok=True)  # a killed run's: those processes are not ours any more
            try:
                yield
            finally:
                self._state.unlink(missing_ok=True)

    def is_held(self) -> bool:
        """Whether some process runs closedloop in this folder."""
        try:
            with (self.path / "lock").open("a") as lock:
                return not _lock(lock.fileno(), seconds=0)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def state(self) -> State:
        """What runs now. Raises NotRunning, also while it is still starting."""
        if self.is_held():
            try:
                return msgspec.json.decode(self._state.read_bytes(), type=State)
            except FileNotFoundError:
                raise StillStarting(f"closedloop is still starting in {self.path}; try again in a moment.") from None
        there = "" if self.path == Path(".closedloop").absolute() else f" --data {self.path}"
        raise NotRunning(f"closedloop does not run in {self.path}. Start it: {CLOSEDLOOP} up{there}")

    def write_state(self, state: State) -> None:
        """Replace the state; a reader sees the old one or the new one, never half of it."""
        _write_privately(self._state, msgspec.to_builtins(state))

    def keys(self) -> Keys:
        """The keys of this folder, made the first time."""
        file = self.path / "keys.json"
        if not file.exists():
            new = Keys(f"wk_{secrets.token_urlsafe(18)}", f"sk_{secrets.token_urlsafe(30)}")
            _write_privately(file, msgspec.to_builtins(new))
        return msgspec.json.decode(file.read_bytes(), type=Keys)


def _lock(descriptor: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)
        else:
            return True


def _write_privately(file: Path, content: dict[str, Any]) -> None:
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        json.dump(content, out, indent=2)
    unfinished.replace(file)
