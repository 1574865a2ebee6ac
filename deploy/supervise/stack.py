"""closedloop on one machine: own engines where none are given, the schema, the topics and the three services.

1. leftovers   what a killed run left in the data folder is ended
2. engines     own ones are started; given ones are asked for an answer
3. schema      migrations, topics
4. services    started together, watched until each says that it is ready
5. watch       whatever dies is started again; one that keeps dying ends it all
6. stop        services first: they finish their batch while the engines still run
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import asyncpg

import migrations
from deploy.embedded import Engine, Kafka, Postgres, await_answer, clear_leftovers
from deploy.supervise.folder import DataFolder, State
from deploy.supervise.order import waves
from deploy.supervise.report import Report
from deploy.supervise.services import SERVICES, check_ports, environment, service, urls, why_not_ready
from deploy.supervise.supervisor import Child, Supervisor
from shared.errors import EngineError
from shared.events import TOPICS
from shared.kafka.topics import ensure_topics
from shared.settings import Settings

E = TypeVar("E", bound=Engine)

LOOK_EVERY = 0.2  # seconds
SERVICES_STOP_WITHIN = 25.0  # seconds; they finish their batch and commit
ENGINES_STOP_WITHIN = 30.0
SLOW_AFTER = 60.0  # seconds until a person is told what a service waits for


class Stack:
    """Everything `closedloop up` runs. Use it from the main thread, while the data folder is locked."""

    def __init__(self, settings: Settings, folder: DataFolder, config: Path | None, report: Report) -> None:
        self._settings = settings
        self._folder = folder
        self._config = config
        self._report = report
        self._supervisor = Supervisor(report.event)
        self._urls = urls(settings)
        self._since: dict[str, float] = {}
        self._kafka = settings.kafka.bootstrap or ""
        self._database_url = settings.database_url.get_secret_value() if settings.database_url else ""

    @property
    def state(self) -> State:
        """What runs now and where."""
        children = self._supervisor.children.values()
        return State(
            http=self._urls,
            kafka=self._kafka,
            database_url=self._database_url,
            processes={child.name: child.pid for child in children if child.pid is not None},
            config=str(self._config.absolute()) if self._config else None,
        )

    def start(self) -> State:
        """Return when every service is ready. Raises ClosedloopError when something does not come up."""
        if left := clear_leftovers(self._folder.path):
            self._report.event("closedloop", f"ended {left} processes that a killed run had left here")
        check_ports(self._settings.http.host, self._settings.http.port)
        self._start_engines_and_schema()
        self._start_services()
        self._report.settled()
        return self.state

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Keep everything running until `until()` is true. Raises GaveUp."""
        while not until():
            self._look()

    def stop(self) -> None:
        """Stop services, then engines; nothing of this stack runs afterwards."""
        backwards = waves(self._supervisor.children)[::-1]
        self._report.stopping([name for wave in backwards for name in wave])
        for wave in backwards:
            self._supervisor.stop(wave, SERVICES_STOP_WITHIN if SERVICES.keys() & set(wave) else ENGINES_STOP_WITHIN)
        self._report.show_logs()

    def _look(self) -> None:
        if self._supervisor.look():
            self._folder.write_state(self.state)
        self._report.show_logs()
        time.sleep(LOOK_EVERY)

    def _start_engines_and_schema(self) -> None:
        # Kafka takes longest to come up, so it is on its way while PostgreSQL starts and is migrated.
        kafka = None if self._kafka else self._begun(Kafka(self._folder.path, self._report.fetching))
        postgres = None if self._database_url else self._begun(Postgres(self._folder.path))
        if postgres is not None:
            self._await(postgres)
            postgres.create_database()
            self._database_url = postgres.url
        self._migrate()
        if kafka is not None:
            self._await(kafka)
            self._kafka = kafka.url
        self._report.doing("Making the topics")
        settled = self._settings.kafka.model_copy(update={"bootstrap": self._kafka})
        asyncio.run(ensure_topics(settled, TOPICS))

    def _begun(self, engine: E) -> E:
        self._report.doing(f"Starting {engine.name}")
        self._since[engine.name] = time.monotonic()
        engine.prepare()
        self._supervisor.start(Child(engine.name, engine.spawn, engine.log, engine.stop_signal))
        return engine

    def _await(self, engine: Engine) -> None:
        self._report.doing(f"Waiting for {engine.name}")
        process = self._supervisor.children[engine.name].process
        assert process is not None  # noqa: S101 - `_begun` started it
        await_answer(engine, process)
        self._report.up(engine.name, engine.address, time.monotonic() - self._since[engine.name])

    def _migrate(self) -> None:
        self._report.doing("Migrating the database")
        since = time.monotonic()
        asyncio.run(_check_database(self._database_url))
        migrations.upgrade(self._database_url)
        self._report.up("schema", f"revision {migrations.head()}", time.monotonic() - since)

    def _start_services(self) -> None:
        told = environment(self._settings, self._folder, self._config, self._kafka, self._database_url)
        since = time.monotonic()
        for name in SERVICES:
            self._supervisor.start(service(name, self._folder, told))
        self._folder.write_state(self.state)
        waiting, slow = set(SERVICES), set[str]()
        while waiting:
            self._report.doing(f"Waiting for {', '.join(name for name in SERVICES if name in waiting)}")
            self._look()
            for name in sorted(waiting):
                why = why_not_ready(self._urls[name])
                if why is None:
                    waiting.discard(name)
                    self._report.up(name, self._urls[name], time.monotonic() - since)
                elif time.monotonic() - since > SLOW_AFTER and name not in slow:
                    slow.add(name)
                    self._report.event(name, f"not ready yet ({why}); its log: {self._folder.logs / name}.log")


async def _check_database(url: str) -> None:
    """Raises EngineError, with what to look at, when the database cannot be used."""
    try:
        connection = await asyncpg.connect(url, timeout=30)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
        raise EngineError(
            f"PostgreSQL cannot be used: {problem or type(problem).__name__}. Is CLOSEDLOOP_DATABASE_URL "
            "(postgresql://user:password@host:port/name) right?"
        ) from problem
    await connection.close()
