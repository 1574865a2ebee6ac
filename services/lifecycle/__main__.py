"""The lifecycle service: `python -m services.lifecycle`.

Kafka (touchpoints, deals, lead-actions) -> handler -> PostgreSQL -> outbox -> Kafka (people, stage-transitions),
beside it the SLA alarms and the HTTP of leads.
"""

import sys
from datetime import UTC, datetime

import uvloop

from services.lifecycle.app import build
from services.lifecycle.config import read
from services.lifecycle.handler import LifecycleHandler
from services.lifecycle.relay import Relay
from services.lifecycle.timers import Timers
from shared import db, logging
from shared.errors import ClosedloopError
from shared.events import TOPICS
from shared.http.health import Health
from shared.http.service import serve
from shared.kafka.consume import ConsumeLoop
from shared.kafka.producer import Producer
from shared.kafka.topics import ensure_topics
from shared.settings import Settings, load

ROLE = "closedloop_lifecycle"
READS = ("touchpoints", "deals", "lead-actions")


def _now() -> datetime:
    return datetime.now(UTC)


async def run(settings: Settings) -> None:
    """Run until a signal comes."""
    config = read(settings)
    health = Health("process", settings.group("lifecycle"))
    pool = db.engine(settings.postgres_url, ROLE, statement_seconds=settings.consumer.deadline_seconds)
    producer = Producer(settings.kafka)
    await ensure_topics(settings.kafka, TOPICS)
    await producer.start()
    try:
        handler = LifecycleHandler(config, _now, settings.group("lifecycle"))
        relay = Relay(settings, pool, producer, _now)

        def after_commit() -> None:
            handler.committed()
            relay.wake()

        loop = ConsumeLoop(settings, "lifecycle", READS, handler, pool, producer, health, after_commit)
        timers = Timers(pool, config.lifecycle, _now, relay.wake)
        health.ready("process", True)
        app = build(settings, pool, producer, health, _now, config.lifecycle)
        await serve(app, settings, settings.http.port + 1, health, (loop.run, relay.run, timers.run))
    finally:
        await producer.stop()
        await pool.dispose()


def main() -> None:
    """Read the settings, say plainly what is wrong with them, else run."""
    try:
        settings = load()
        logging.configure("lifecycle", settings.log_level)
        uvloop.run(run(settings))
    except ClosedloopError as error:
        sys.exit(f"lifecycle: {error}")


if __name__ == "__main__":
    main()
