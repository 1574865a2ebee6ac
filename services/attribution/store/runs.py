"""The runs that computed deals, in warehouse.attribution_run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from shared.db import Connection

_NEXT = "SELECT nextval('warehouse.attribution_run_run_id_seq')"
_NOTE = """
INSERT INTO warehouse.attribution_run
    (run_id, reason, started_at, finished_at, model_config, channel_rules_version, deals)
OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


@dataclass(frozen=True)
class Run:
    """A run that computes deals: why, since when, and under what terms."""

    run_id: int
    reason: str
    began: datetime
    model_config: Mapping[str, Any]
    channel_rules_version: str | None


async def next_id(connection: Connection) -> int:
    """An id for a run; one that is not used is no harm."""
    run_id: int = await connection.fetchval(_NEXT)
    return run_id


async def note(connection: Connection, run: Run, at: datetime, deals: int) -> None:
    """Note a run that changed so many deals; `at` is the stamp of all it recorded."""
    config = msgspec.json.encode(run.model_config).decode()
    await connection.execute(_NOTE, run.run_id, run.reason, run.began, at, config, run.channel_rules_version, deals)
