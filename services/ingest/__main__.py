"""`python -m services.ingest`: HTTP in, Kafka out, dead letters into PostgreSQL.

Events are taken in whenever Kafka is there; PostgreSQL may come and go. While Kafka is away the process lives on,
not ready, and answers 503.
"""

import asyncio
import sys

import structlog
import uvloop

from services.ingest import letters, metrics
from services.ingest.app import create
from services.ingest.limits import KAFKA_SECONDS
from shared import db
from shared.errors import ConfigError, Unavailable
from shared.events import TOPICS
from shared.http.health import Health
from shared.http.service import serve
from shared.kafka.consume import ConsumeLoop
from shared.kafka.producer import Producer
from shared.kafka.topics import ensure_topics
from shared.logging import configure
from shared.settings import Settings, load

log = structlog.get_logger()

_TRY_SECONDS = 3.0  # short, so that a signal to end is not kept waiting


async def run(settings: Settings) -> None:
    """Serve until a signal, then finish what is under way."""
    health = Health("kafka")
    producer = Producer(settings.kafka, KAFKA_SECONDS)
    pool = db.engine(settings.postgres_url, role="closedloop_ingest", pool_size=2)
    # Health of its own: a load balancer must go on sending events while PostgreSQL is away.
    storing = ConsumeLoop(settings, "dead-letters", ["dead-letters"], letters.handle, pool, producer, Health())

    async def stay_connected(stop: asyncio.Event) -> None:
        while not stop.is_set():
            if not producer.connected:
                await _connect(settings, producer, health)
            health.ready("kafka", producer.connected, "Kafka does not take events")
            metrics.KAFKA_UP.set(producer.connected)
            await asyncio.sleep(0.25)

    try:
        app = create(settings, producer, health)
        await serve(app, settings, settings.http.port, health, [stay_connected, storing.run])
    finally:
        # Last: requests that were under way at the signal have been answered by now.
        await producer.stop()
        await pool.dispose()


async def _connect(settings: Settings, producer: Producer, health: Health) -> None:
    try:
        await ensure_topics(settings.kafka, TOPICS, deadline_seconds=_TRY_SECONDS)
        await producer.start()
        log.info("kafka_connected")
    except Unavailable as error:
        health.ready("kafka", False, str(error))
        log.warning("kafka_away", error=str(error))


def main() -> int:
    """The exit code."""
    try:
        settings = load()
        configure("ingest", settings.log_level)
        uvloop.run(run(settings))
    except (ConfigError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
