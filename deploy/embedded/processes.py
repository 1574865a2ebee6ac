"""Start child processes that cannot be lost: each carries its data folder in its command line.

A pid file can be stale and its number taken over by a stranger; an argument that names the data folder cannot.
So nothing here keeps pids: after a crash, what belongs to a data folder is found by asking the system.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import psutil

LOG_ROTATES_AT = 20_000_000  # bytes; looked at when the process starts
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded here: a forked child may not load it


def marker(data: Path) -> str:
    """The argument that every process of the data folder `data` carries, after a flag of its program's own."""
    return f"closedloop.data={data}"


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str],
    cwd: Path | str,
    when_parent_dies: signal.Signals,
    user: int | None = None,
    group: int | None = None,
    pass_fds: Sequence[int] = (),
) -> "subprocess.Popen[bytes]":
    """Start `command`, its output appended to `log`; call it from the main thread.

    The child has a session of its own, so that Ctrl-C in a terminal reaches only the parent, which stops children
    in order. On Linux it gets `when_parent_dies` when the parent dies, even by kill -9 (the system ties this to
    the thread that started it); elsewhere the next start finds it.
    """
    _rotate(log)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - no shell, and the command is our own
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            user=user,
            group=group,
            extra_groups=[] if user is not None else None,
            pass_fds=pass_fds,
            start_new_session=True,
            preexec_fn=_die_with_parent(when_parent_dies),  # noqa: PLW1509 - one system call, on a library loaded before
        )


def _die_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    libc, parent = _libc, os.getpid()
    if libc is None:
        return None

    def ask_for_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above: nobody would send the signal
            os._exit(1)

    return ask_for_signal


def _rotate(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_ROTATES_AT:
        log.replace(log.with_suffix(f"{log.suffix}.1"))


def tail(log: Path, lines: int = 15) -> str:
    """The last `lines` lines of a log, indented for a message; says so when there are none."""
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            last = deque(file, maxlen=lines)
    except FileNotFoundError:
        last = deque()
    return "".join(f"    {line.rstrip()}\n" for line in last).rstrip("\n") or "    (no output)"


def last_words(log: Path) -> str:
    """The plain lines a process wrote last: what it said to a person, after its structured log."""
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            last = deque(file, maxlen=50)
    except FileNotFoundError:
        return ""
    words: list[str] = []
    while last and not last[-1].startswith("{"):
        words.insert(0, last.pop().rstrip())
    return "\n".join(words)


def belonging_to(data: Path) -> list[psutil.Process]:
    """The processes of this data folder that still run, other than this process; never a stranger's."""
    wanted = {marker(data), f"-D{marker(data)}"}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            if process.pid != os.getpid() and wanted.intersection(process.cmdline()):
                found.append(process)
    return found


def end(processes: Iterable[psutil.Process], seconds: float) -> None:
    """Wait up to `seconds` until none of these runs any more, then kill what is left."""
    left = _running_after(list(processes), seconds)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _running_after(left, 10)


def _running_after(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    while (processes := [process for process in processes if _runs(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes


def _runs(process: psutil.Process) -> bool:
    """Whether it still does anything; an ended one stays listed where the first process reaps no orphans."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
