"""The three services as children of `closedloop up`: their ports, what they are told, whether they are ready."""

import os
import signal
import socket
import sys
from pathlib import Path
from zlib import crc32

import httpx

from deploy.embedded.ports import is_free
from deploy.embedded.processes import marker, spawn
from deploy.supervise.folder import DataFolder, Keys
from deploy.supervise.supervisor import Child
from shared.command import CLOSEDLOOP
from shared.errors import ClosedloopError
from shared.settings import Settings

SERVICES = {"ingest": 0, "lifecycle": 1, "attribution": 2}
"""Service -> its port, counted from ingest's."""


class PortTaken(ClosedloopError):
    """A service's HTTP port is in use."""


def urls(settings: Settings) -> dict[str, str]:
    """Where each service listens."""
    return {name: f"http://{settings.http.host}:{settings.http.port + offset}" for name, offset in SERVICES.items()}


def check_ports(host: str, first: int) -> None:
    """Raises PortTaken, with a choice that would do, when a service could not listen."""

    def taken(start: int) -> list[int]:
        return [start + offset for offset in SERVICES.values() if not is_free(start + offset, host)]

    if busy := taken(first):
        better = next(start for start in (*range(first + 10, 65_000, 10), 0) if not taken(start))
        raise PortTaken(
            f"Port {busy[0]} is taken by another program. closedloop needs {first}, {first + 1} and {first + 2}; "
            f"choose others with --port, for example: {CLOSEDLOOP} up --port {better}"
        )


def keys_to_use(settings: Settings, folder: DataFolder) -> Keys:
    """Keys that work: the first configured of each kind; only when no source has any, those made for this folder."""
    write = [source.write_key.get_secret_value() for source in settings.sources if source.write_key]
    secret = [source.secret_key.get_secret_value() for source in settings.sources if source.secret_key]
    if write or secret:
        return Keys(next(iter(write), None), next(iter(secret), None))
    made = folder.keys()
    return Keys(
        os.environ.get("CLOSEDLOOP_WRITE_KEY") or made.write_key,
        os.environ.get("CLOSEDLOOP_SECRET_KEY") or made.secret_key,
    )


def environment(
    settings: Settings, folder: DataFolder, config: Path | None, kafka: str, database_url: str
) -> dict[str, str]:
    """Our environment, with everything that was settled by now in it, so that a service cannot decide otherwise."""
    settled = {
        "CLOSEDLOOP_DATA": str(folder.path),
        "CLOSEDLOOP_KAFKA": kafka,
        "CLOSEDLOOP_DATABASE_URL": database_url,
        "CLOSEDLOOP_HOST": settings.http.host,
        "CLOSEDLOOP_PORT": str(settings.http.port),
    }
    if config is not None:
        settled["CLOSEDLOOP_CONFIG"] = str(config.absolute())
    if not any(source.write_key or source.secret_key for source in settings.sources):
        keys = keys_to_use(settings, folder)
        settled |= {"CLOSEDLOOP_WRITE_KEY": keys.write_key or "", "CLOSEDLOOP_SECRET_KEY": keys.secret_key or ""}
    settled.setdefault("CLOSEDLOOP_INSTANCE", settings.kafka.instance or _instance(folder))
    return {**os.environ, **settled}


def _instance(folder: DataFolder) -> str:
    """A name for the processes of this folder: the same at every start, another one on another machine."""
    return f"{socket.gethostname()}-{crc32(str(folder.path).encode()):08x}"


def service(name: str, folder: DataFolder, told: dict[str, str]) -> Child:
    """The child that runs a service; its structured logs go to a file of its name."""
    log = folder.logs / f"{name}.log"
    # -X takes any name: this one only says to which data folder the process belongs.
    command = [sys.executable, "-X", marker(folder.path), "-m", f"services.{name}"]
    return Child(
        name=name,
        spawn=lambda: spawn(command, log=log, env=told, cwd=Path.cwd(), when_parent_dies=signal.SIGTERM),
        log=log,
    )


def why_not_ready(url: str) -> str | None:
    """None when the service is ready, else what it waits for."""
    try:
        answer = httpx.get(f"{url}/health/ready", timeout=2)
    except httpx.HTTPError:
        return "does not answer yet"
    if answer.status_code == 200:
        return None
    try:
        waiting: dict[str, str] = answer.json()["waiting"]
    except (ValueError, KeyError, TypeError):
        return f"answers with status {answer.status_code}: is another program on this port?"
    return ", ".join(f"{part}: {why}" for part, why in waiting.items())
