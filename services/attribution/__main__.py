"""Attribution: deals back to channels. `python -m services.attribution` consumes, computes and explains.

Owns schema attribution and warehouse.fct_*, attribution_run and model_result. Does not resolve people: lifecycle does.
"""

import uvloop

from services.attribution.app import create_app
from services.attribution.config import Attribution
from services.attribution.domain.channels import channel_rules
from services.attribution.handler import TOPICS, Handler
from services.attribution.recompute.compute import Terms
from services.attribution.recompute.worker import Worker
from shared import db, logging
from shared.kafka.consume import ConsumeLoop
from shared.kafka.producer import Producer
from shared.service import Health, serve
from shared.settings import Settings, load, read_section

PORT_OFFSET = 2
ROLE = "closedloop_attribution"


async def run(settings: Settings) -> None:
    """Until SIGTERM."""
    section = read_section("attribution", Attribution, settings.attribution)
    rules = channel_rules(settings.channels)
    terms = Terms(
        policy=section.policy(settings.base_currency),
        lookback=section.lookback,
        model_config={**section.model_dump(mode="json"), "base_currency": settings.base_currency},
        channel_rules_version=rules.version,
    )
    health = Health("process", settings.group("attribution"))
    pool = db.engine(settings.postgres_url, ROLE)
    letters = Producer(settings.kafka_bootstrap)
    worker = Worker(pool, terms)
    loop = ConsumeLoop(
        settings,
        "attribution",
        TOPICS,
        Handler(rules, settings.base_currency, worker.saw_batch),
        pool,
        letters,
        health,
        after_commit=worker.wake,
    )
    await letters.start()
    health.ready("process", True)
    app = create_app(settings, pool, terms, health)
    try:
        await serve(app, settings, settings.http.port + PORT_OFFSET, health, [loop.run, worker.run])
    finally:
        await letters.stop()
        await pool.dispose()


def main() -> None:
    """Entry point of the process."""
    settings = load()
    logging.configure("attribution", settings.log_level)
    uvloop.run(run(settings))


if __name__ == "__main__":
    main()
