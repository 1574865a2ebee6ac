"""What the newest run of the fitted models learnt."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec

from shared.db import Connection

_NEWEST = """
SELECT run_id, run.model_config->>'models' AS models FROM attribution.fitted
JOIN warehouse.attribution_run AS run USING (run_id)
"""
_SHARES = "SELECT model, channel, share FROM warehouse.model_result WHERE run_id = $1"


@dataclass(frozen=True)
class Learnt:
    """Per model the share of each channel, and the run it is of; a model no run has fitted yet is not in them."""

    shares: Mapping[str, Mapping[str, float]]
    runs: Mapping[str, int]


async def newest(connection: Connection, models: Collection[str]) -> Learnt:
    """What there is of these models."""
    row = await connection.fetchrow(_NEWEST) if models else None
    if row is None:
        return Learnt({}, {})
    shares: dict[str, dict[str, float]] = defaultdict(dict)
    for model, channel, share in await connection.fetch(_SHARES, row["run_id"]):
        shares[model][channel] = share
    covered = [model for model in msgspec.json.decode(row["models"]) if model in models]
    return Learnt({model: shares[model] for model in covered}, dict.fromkeys(covered, row["run_id"]))
