"""The shell around every service: health, metrics, and an orderly end.

On SIGTERM or SIGINT: readiness goes off, the HTTP server finishes what it has, the background tasks finish their
batch and commit, then the process ends with 0. A background task that fails ends the process with 1: the supervisor
starts it again.
"""

import asyncio
import gc
import resource
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

import structlog
import uvicorn

from shared.http.api import BODY_BYTES, operations
from shared.http.exchange import Door
from shared.http.health import Health
from shared.http.protocol import BoundedProtocol, Edge
from shared.settings import Settings

log = structlog.get_logger()

Background = Callable[[asyncio.Event], Awaitable[None]]
"""A task that runs until the event is set."""

_OWN_FILES = 100
"""Files and connections a service needs for itself: Kafka, PostgreSQL, logs."""


async def serve(
    app: Any,
    settings: Settings,
    port: int,
    health: Health,
    background: Sequence[Background] = (),
    door: Door | None = None,
    body_bytes: int = BODY_BYTES,
) -> None:
    """Run the app on `port` and the background tasks until a signal, or until one of them fails (which is raised).

    `door` answers the paths it has without ASGI; a body may have `body_bytes`.
    """
    _collect_garbage_seldom()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    servers = [_server(app, settings, port, door, body_bytes)]
    if settings.http.operations_port is not None:
        apart = settings.http.operations_port + port - settings.http.port
        servers.append(_server(operations(health), settings, apart, None, BODY_BYTES))

    def finish() -> None:
        log.info("stopping")
        health.ready("process", False, "stopping")
        stop.set()
        for server in servers:
            server.should_exit = True

    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, finish)
    async with asyncio.TaskGroup() as group:
        for server in servers:
            http = group.create_task(server.serve(), name="http")
            http.add_done_callback(lambda _: stop.set())
            group.create_task(server.sweep(stop))
        for task in background:
            group.create_task(_guarded(task, stop, finish))
        log.info("listening", host=settings.http.host, port=port)


def _server(app: Any, settings: Settings, port: int, door: Door | None, body_bytes: int) -> "_Server":
    http = settings.http
    edge = Edge(
        body_bytes=body_bytes,
        connections=min(http.connections, _files() - _OWN_FILES),
        idle_seconds=http.idle_seconds,
        request_seconds=http.request_seconds,
        in_flight_bytes=http.in_flight_bytes,
        door=door,
    )
    config = uvicorn.Config(
        app,
        host=http.host,
        port=port,
        http=partial(BoundedProtocol, edge=edge),  # type: ignore[arg-type]  # it is called like a class
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=15,
        proxy_headers=False,  # whoever writes that header would choose the address that wrong keys are counted by
        backlog=4096,
    )
    return _Server(config, edge)


def _files() -> int:
    """How many files and connections this process may have: as many as the machine lets it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # some systems refuse what they report
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else 1_000_000


def _collect_garbage_seldom() -> None:
    """A batch is thousands of small objects and no cycles: by default, looking for cycles takes a tenth of the CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


async def _guarded(task: Background, stop: asyncio.Event, finish: Callable[[], None]) -> None:
    try:
        await task(stop)
    except Exception:
        log.exception("task_failed")
        finish()
        raise


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: `serve` decides what a signal means."""

    def __init__(self, config: uvicorn.Config, edge: Edge) -> None:
        super().__init__(config)
        self._edge = edge

    def capture_signals(self) -> Any:
        """Capture none."""
        return nullcontext()

    async def sweep(self, stop: asyncio.Event) -> None:
        """Until the end, close what is idle and cut off what is slow."""
        pause = min(1.0, self._edge.idle_seconds / 4, self._edge.request_seconds / 4)
        loop = asyncio.get_running_loop()
        while not (stop.is_set() and not self.server_state.connections):
            self._edge.sweep(self.server_state.connections, loop.time())
            await asyncio.sleep(pause)
