"""What is due when a process starts: say under what terms reports stand, and mark what was computed under others."""

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.domain.terms import Terms
from services.attribution.recompute.months import set_zone
from services.attribution.store import marks, setting
from shared import db

log = structlog.get_logger()


async def prepare(pool: AsyncEngine, terms: Terms) -> None:
    """Mark every deal when the models' configuration changed, else those that could not be computed."""
    await set_zone(pool, terms)
    async with db.transaction(pool) as connection:
        config = msgspec.json.encode(terms.model_config).decode()
        differs = await setting.applied(connection, config)
        await marks.lock(connection)
        if differs:
            await marks.every(connection)
            log.info("terms_changed", model_config=config)
        else:
            await marks.failed(connection)
