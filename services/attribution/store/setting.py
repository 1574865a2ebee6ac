"""What closedloop.yaml says of reports, for the views of the warehouse to read."""

from services.attribution.store import reach
from shared.db import Connection

_ZONE = "SELECT reporting_zone FROM attribution.setting FOR UPDATE"
_STORE = """
UPDATE attribution.setting SET reporting_zone = $1, base_currency = $2
WHERE (reporting_zone, base_currency) <> ($1, $2)
"""

_APPLY = """
INSERT INTO attribution.applied AS now (model_config) VALUES ($1)
ON CONFLICT (only_row) DO UPDATE SET model_config = excluded.model_config
WHERE now.model_config <> excluded.model_config
RETURNING true
"""


async def store(connection: Connection, reporting_zone: str, base_currency: str) -> str:
    """Make the reports count by the months of `reporting_zone`, an IANA name; the zone they counted by before.

    Reach is counted anew. The months of what is credited are changed by `recompute.months`, in the same transaction.
    """
    before: str = await connection.fetchval(_ZONE)
    await connection.execute(_STORE, reporting_zone, base_currency)
    if before != reporting_zone:
        await reach.start_anew(connection)
    return before


async def applied(connection: Connection, model_config: str) -> bool:
    """Note the configuration that deals are computed under from now on; whether it is another one than before."""
    return bool(await connection.fetchval(_APPLY, model_config))
