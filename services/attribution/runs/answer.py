"""A run as the API answers with it."""

from datetime import datetime

from pydantic import BaseModel, Field

from shared.db import Connection

_RUN = "SELECT run_id, reason, started_at, finished_at, deals FROM warehouse.attribution_run WHERE run_id = $1"
_RESULTS = """
SELECT model, channel, removal_effect, share, conversions, value_base FROM warehouse.model_result
WHERE run_id = $1 ORDER BY model, share DESC, channel
"""


class Result(BaseModel):
    """What a model learnt of a channel."""

    model: str
    channel: str
    removal_effect: float | None = Field(description="part of the conversions lost without the channel; Markov only")
    share: float
    conversions: float
    value_base: float


class Run(BaseModel):
    """A finished run and its results."""

    run_id: int
    reason: str
    started_at: datetime
    finished_at: datetime
    deals: int = Field(description="won and lost deals it learnt from")
    results: list[Result]


async def described(connection: Connection, run_id: int) -> Run:
    """The run with this id."""
    run = await connection.fetchrow(_RUN, run_id)
    results = [Result(**dict(row)) for row in await connection.fetch(_RESULTS, run_id)]
    return Run(**dict(run), results=results)
