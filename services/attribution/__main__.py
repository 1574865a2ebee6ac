"""Attribution: deals back to channels. `python -m services.attribution` consumes, computes and explains.

Owns schema attribution and warehouse.fct_*, attribution_run and model_result. Does not resolve people: lifecycle does.
"""

import sys
from datetime import timedelta
from pathlib import Path

from services.attribution.app import create_app
from services.attribution.config import read
from services.attribution.handler import TOPICS, Handler
from services.attribution.reach.counter import ReachCounter
from services.attribution.recompute.worker import Worker
from services.attribution.runs.fitter import Fitter
from services.attribution.traffic import Traffic
from shared import db
from shared.events import TOPICS as ALL_TOPICS
from shared.http.health import Health
from shared.http.service import serve
from shared.kafka.consume import ConsumeLoop
from shared.kafka.producer import Producer
from shared.kafka.pulse import Pulse
from shared.kafka.topics import ensure_topics
from shared.process import run_service
from shared.settings import Settings

PORT_OFFSET = 2
ROLE = "closedloop_attribution"


async def run(settings: Settings, config: Path | None = None) -> None:
    """Until a signal; `config` is the file the settings are from, to name its lines."""
    section, classifier = read(settings, config)
    terms = section.terms(settings.base_currency, classifier.version, settings.reporting_zone)
    health = Health("process", "kafka", settings.group("attribution"))
    pool = db.engine(settings.postgres_url, ROLE, statement_seconds=settings.consumer.deadline_seconds)
    letters = Producer(settings.kafka)
    await ensure_topics(settings.kafka, ALL_TOPICS)
    await letters.start()
    try:
        traffic = Traffic()
        worker = Worker(pool, terms, traffic)
        counter = ReachCounter(pool, traffic)
        fitter = Fitter(pool, terms, timedelta(minutes=section.fit_minutes))
        handler = Handler(classifier, settings.base_currency, traffic.saw)
        loop = ConsumeLoop(settings, "attribution", TOPICS, handler, pool, letters, health, worker.wake)
        health.ready("process", True)
        app = create_app(settings, pool, terms, health, worker.wake)
        background = (loop.run, worker.run, fitter.run, counter.run, Pulse(letters, health).run)
        await serve(app, settings, settings.http.port + PORT_OFFSET, health, background)
    finally:
        await letters.stop()
        await pool.dispose()


def main() -> int:
    """The exit code."""
    return run_service("attribution", run)


if __name__ == "__main__":
    sys.exit(main())
