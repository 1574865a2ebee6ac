"""`python -m services.ingest`: HTTP in, Kafka out, dead letters into PostgreSQL.

Events are taken in whenever Kafka is there; PostgreSQL may come and go. While Kafka is away the process lives on,
not ready, and answers 503.
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import structlog

from services.ingest import letters, metrics
from services.ingest.app import create, topics
from services.ingest.limits import BATCH_BYTES, KAFKA_SECONDS
from shared import db
from shared.errors import EngineError, TooManyBadRecords
from shared.events import TOPICS
from shared.http.health import Health
from shared.http.service import serve
from shared.kafka.consume import ConsumeLoop
from shared.kafka.producer import Producer
from shared.kafka.pulse import Pulse
from shared.kafka.topics import ensure_topics
from shared.process import run_service
from shared.settings import Settings

log = structlog.get_logger()

_TRY_SECONDS = 3.0  # short, so that a signal to end is not kept waiting
_LOOK_AGAIN_SECONDS = 10.0


async def run(settings: Settings, _: Path | None = None) -> None:
    """Serve until a signal, then finish what is under way."""
    health = Health("kafka")
    metrics.KAFKA_UP.set_function(lambda: "kafka" not in health.waiting)
    producer = Producer(settings.kafka, KAFKA_SECONDS, topics=topics(settings))
    pool = db.engine(settings.postgres_url, role="closedloop_ingest", pool_size=2)
    # Health of its own: a load balancer must go on sending events while PostgreSQL is away.
    storing = ConsumeLoop(settings, "dead-letters", ["dead-letters"], letters.handle, pool, producer, Health())

    async def keep_storing(stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await storing.run(stop)
            except (EngineError, TooManyBadRecords) as error:  # nothing that is wrong there keeps events out
                log.error("dead_letters_wait", error=str(error))
                await _pause(stop, _LOOK_AGAIN_SECONDS)

    async def connect() -> None:
        await ensure_topics(settings.kafka, TOPICS, deadline_seconds=_TRY_SECONDS)
        await producer.start()

    try:
        app, door = create(settings, producer, health)
        background = [Pulse(producer, health, connect).run, keep_storing]
        await serve(app, settings, settings.http.port, health, background, door, BATCH_BYTES)
    finally:
        # Last: requests that were under way at the signal have been answered by now.
        await producer.stop()
        await pool.dispose()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def main() -> int:
    """The exit code."""
    return run_service("ingest", run)


if __name__ == "__main__":
    sys.exit(main())
