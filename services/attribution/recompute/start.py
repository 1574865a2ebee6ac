"""What is due when a process starts: say under what terms reports stand, and mark what was computed under others."""

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.domain.terms import Terms
from services.attribution.recompute.months import set_zone
from services.attribution.store import marks
from shared import db

log = structlog.get_logger()

_APPLY = """
INSERT INTO attribution.applied AS now (model_config) VALUES ($1)
ON CONFLICT (only_row) DO UPDATE SET model_config = excluded.model_config
WHERE now.model_config <> excluded.model_config
RETURNING true
"""
_MARK_ALL = "INSERT INTO attribution.dirty_deal (deal_id) SELECT deal_id FROM attribution.deal"
_MARK_FAILED = f"{_MARK_ALL} WHERE error IS NOT NULL"


async def prepare(pool: AsyncEngine, terms: Terms) -> None:
    """Mark every deal when the models' configuration changed, else those that could not be computed."""
    await set_zone(pool, terms)
    async with db.transaction(pool) as connection:
        config = msgspec.json.encode(terms.model_config).decode()
        differs = await connection.fetchval(_APPLY, config)
        await marks.lock(connection)
        await connection.execute(_MARK_ALL if differs else _MARK_FAILED)
        if differs:
            log.info("terms_changed", model_config=config)
