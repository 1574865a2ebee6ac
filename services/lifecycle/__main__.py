"""The lifecycle service: `python -m services.lifecycle`.

Kafka (touchpoints, deals, lead-actions) -> handler -> PostgreSQL -> outbox -> Kafka (people, stage-transitions),
beside it the SLA alarms and the HTTP of leads.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from services.lifecycle.app import build
from services.lifecycle.config import read
from services.lifecycle.domain.identity.strong import Bounds
from services.lifecycle.handler import LifecycleHandler
from services.lifecycle.relay import Relay
from services.lifecycle.timers import Timers
from shared import db
from shared.events import TOPICS
from shared.http.health import Health
from shared.http.service import serve
from shared.kafka.consume import ConsumeLoop
from shared.kafka.producer import Producer
from shared.kafka.pulse import Pulse
from shared.kafka.topics import ensure_topics
from shared.process import run_service
from shared.settings import Settings

ROLE = "closedloop_lifecycle"
READS = ("touchpoints", "deals", "lead-actions")


def _now() -> datetime:
    return datetime.now(UTC)


async def run(settings: Settings, file: Path | None = None) -> None:
    """Run until a signal comes; `file` is the one the settings are from."""
    config = read(settings, file)
    health = Health("process", "kafka", settings.group("lifecycle"))
    pool = db.engine(settings.postgres_url, ROLE, statement_seconds=settings.consumer.deadline_seconds)
    producer = Producer(settings.kafka)
    await ensure_topics(settings.kafka, TOPICS)
    await producer.start()
    try:
        bounds = Bounds(**settings.identity.model_dump(exclude={"junk"}))
        handler = LifecycleHandler(config, _now, settings.group("lifecycle"), bounds)
        relay = Relay(settings, pool, producer, _now)

        def after_commit() -> None:
            handler.committed()
            relay.wake()

        loop = ConsumeLoop(settings, "lifecycle", READS, handler, pool, producer, health, after_commit)
        timers = Timers(pool, config.lifecycle, _now, relay.wake, lambda: loop.caught_up)
        health.ready("process", True)
        pulse = Pulse(producer, health)
        app = build(settings, pool, producer, health, _now, config.lifecycle)
        await serve(app, settings, settings.http.port + 1, health, (loop.run, relay.run, timers.run, pulse.run))
    finally:
        await producer.stop()
        await pool.dispose()


def main() -> int:
    """The exit code."""
    return run_service("lifecycle", run)


if __name__ == "__main__":
    sys.exit(main())
