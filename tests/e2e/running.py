"""The `closedloop` command as a person runs it: as a process, in a folder of its own."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from deploy.embedded.ports import is_free
from deploy.supervise.folder import DataFolder, Keys, NotRunning, State

CLOSEDLOOP = Path(sys.executable).with_name("closedloop")
WITHIN = 300.0  # seconds; generous, for the machine may be slow and shared


class Closedloop:
    """Commands in `folder`, whose data lie in `folder`/data. `given` are variables such as CLOSEDLOOP_KAFKA."""

    def __init__(self, folder: Path, given: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = _three_free_ports()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("CLOSEDLOOP_")}
        if "CLOSEDLOOP_CACHE" in os.environ:
            self.environment["CLOSEDLOOP_CACHE"] = os.environ["CLOSEDLOOP_CACHE"]
        self.environment |= {"CLOSEDLOOP_DATA": str(self.data), "CLOSEDLOOP_PORT": str(self.port), **(given or {})}

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        """What a command prints to standard output; fails unless it ends with `code`."""
        ended = subprocess.run(
            [CLOSEDLOOP, *arguments],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=WITHIN, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert ended.returncode == code, f"closedloop {arguments}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout if code == 0 else ended.stdout + ended.stderr

    def report(self, name: str, *options: str) -> list[dict[str, Any]]:
        """The rows of a report."""
        rows: list[dict[str, Any]] = json.loads(self.run("report", name, "--format", "json", *options))
        return rows

    @contextmanager
    def up(self, *options: str | Path) -> Iterator["subprocess.Popen[bytes]"]:
        """`closedloop up`, ready; asked to stop in the end, which it must do in order."""
        with (self.folder / "terminal.txt").open("ab") as output:
            process = subprocess.Popen(
                [CLOSEDLOOP, "up", *options], cwd=self.folder, env=self.environment, stdout=output, stderr=output
            )
        try:
            eventually(lambda: self._has_begun or process.poll() is not None, "`closedloop up` began")
            self.run("wait", "--timeout", str(WITHIN - 20))
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=120)
        assert code in (0, -signal.SIGKILL), self.terminal

    @property
    def _has_begun(self) -> bool:
        # Where the engines are given, `wait` alone would take what they say for an answer before `up` has begun.
        try:
            return bool(self.state.processes)
        except NotRunning:
            return False

    @property
    def terminal(self) -> str:
        """All that `up` has printed."""
        return (self.folder / "terminal.txt").read_text()

    @property
    def state(self) -> State:
        """What runs now."""
        return DataFolder(self.data).state()

    @property
    def url(self) -> str:
        """Ingest's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def keys(self) -> Keys:
        """The keys made for this folder."""
        return DataFolder(self.data).keys()

    def post(self, path: str, body: Any, key: str | None = None) -> httpx.Response:
        """A request to ingest, with the write key unless another is given; a body of bytes goes as it is."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key or self.keys.write_key}", "Content-Type": "application/json"}
        return httpx.post(self.url + path, content=content, headers=headers, timeout=60, trust_env=False)


def eventually(holds: Any, what: str, seconds: float = WITHIN) -> None:
    """Wait until `holds()`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.2)


def _three_free_ports() -> int:
    first = random.randrange(10_000, 19_000, 3)
    return next(port for port in range(first, first + 999, 3) if all(is_free(port + n) for n in range(3)))
