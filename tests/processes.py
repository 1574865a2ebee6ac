"""A service as a real process, as `closedloop up` runs it: to be asked over HTTP, stopped in order or killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import yaml
from pydantic import SecretStr

from deploy.embedded.processes import tail
from shared.settings import Settings
from tests.places import ROOT

PORT_OFFSET = {"ingest": 0, "lifecycle": 1, "attribution": 2}
READY_WITHIN = 90.0  # seconds; generous, for the machine may be shared


class RunningService:
    """One service process. `url` is where it listens, `pid` changes when it is started again."""

    def __init__(self, name: str, settings: Settings, folder: Path) -> None:
        self.name = name
        self.url = f"http://{settings.http.host}:{settings.http.port + PORT_OFFSET[name]}"
        self._log = folder / f"{name}.log"
        self._config = folder / f"{name}.yaml"
        self._config.write_text(yaml.safe_dump(_plain(settings.model_dump(exclude_none=True))))
        self.start()

    def start(self) -> None:
        """Start the process (again) and return at once."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CLOSEDLOOP_")}
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", f"services.{self.name}"],
                cwd=ROOT,
                env=environment | {"CLOSEDLOOP_CONFIG": str(self._config)},
                stdout=log,
                stderr=log,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def logs(self) -> str:
        """Everything the service has logged, over all its starts."""
        return self._log.read_text(errors="replace")

    def wait_ready(self, seconds: float = READY_WITHIN) -> "RunningService":
        """Return when the service says it is ready; fail with its last log lines when it ends or takes longer."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/health/ready", timeout=5).status_code == 200:
                    return self
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{self.name} is not ready (exit code {self.process.poll()}):\n{tail(self._log, 40)}")

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.process.kill()
        self.process.wait(timeout=30)

    def terminate(self, seconds: float = 30) -> int:
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds)


def _plain(value: Any) -> Any:
    """Settings as YAML can hold them; a test's secrets are no secrets."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if isinstance(value, Path) else value
