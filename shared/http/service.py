"""The shell around every service: health, metrics, and an orderly end.

On SIGTERM or SIGINT: readiness goes off, the HTTP server finishes what it has, the background tasks finish their
batch and commit, then the process ends with 0. A background task that fails ends the process with 1: the supervisor
starts it again.
"""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from typing import Any

import structlog
import uvicorn

from shared.http.health import Health
from shared.settings import Settings

log = structlog.get_logger()

Background = Callable[[asyncio.Event], Awaitable[None]]
"""A task that runs until the event is set."""


async def serve(app: Any, settings: Settings, port: int, health: Health, background: Sequence[Background] = ()) -> None:
    """Run the app on `port` and the background tasks until a signal, or until one of them fails (which is raised)."""
    _collect_garbage_seldom()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    config = uvicorn.Config(
        app,
        host=settings.http.host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=15,
        proxy_headers=False,  # nobody asks for the peer's address, and finding it costs every request
        backlog=4096,
    )
    server = _Server(config)

    def finish() -> None:
        log.info("stopping")
        health.ready("process", False, "stopping")
        stop.set()
        server.should_exit = True

    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, finish)
    async with asyncio.TaskGroup() as group:
        http = group.create_task(server.serve(), name="http")
        http.add_done_callback(lambda _: stop.set())
        for task in background:
            group.create_task(_guarded(task, stop, finish))
        log.info("listening", host=settings.http.host, port=port)


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

    def capture_signals(self) -> Any:
        return nullcontext()
