"""A run as the API answers with it."""

from datetime import datetime

from pydantic import BaseModel, Field

from services.attribution.store import fits
from shared.db import Connection


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
    run, results = await fits.described(connection, run_id)
    return Run(**run, results=[Result(**result) for result in results])
