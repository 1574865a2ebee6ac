"""Whether Kafka is alive, felt every second: a frozen broker keeps its connections, so only an answer shows it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import structlog

from shared.errors import AccessDenied, Unavailable
from shared.kafka.producer import Producer

log = structlog.get_logger()

BEAT_SECONDS = 1.0
SILENCE_SECONDS = 2.0
"""Kafka is away when it answers nothing for this long, or leaves a record waiting for this long."""


class Health(Protocol):
    """What is told."""

    def ready(self, part: str, is_ready: bool, why: str = "") -> None:
        """Note that a part is ready, or why not."""


class Pulse:
    """Keeps a service's readiness true to Kafka, and its producer connected. `connect` is how, if not plainly."""

    def __init__(
        self, producer: Producer, health: Health, connect: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._producer = producer
        self._health = health
        self._connect = connect or producer.start

    async def run(self, stop: asyncio.Event) -> None:
        """Feel it until `stop` is set."""
        while not stop.is_set():
            why = await self._why_away()
            self._health.ready("kafka", why is None, why or "")
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await stop.wait()

    async def _why_away(self) -> str | None:
        if not self._producer.connected:
            try:
                await self._connect()
                log.info("kafka_connected")
            except (AccessDenied, Unavailable) as error:
                log.warning("kafka_away", error=str(error))
                return str(error)
        if await self._producer.answers(SILENCE_SECONDS):
            return None
        return f"Kafka has not answered for {SILENCE_SECONDS:g} s"
