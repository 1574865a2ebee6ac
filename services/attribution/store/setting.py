"""What closedloop.yaml says of reports, for the views of the warehouse to read."""

from shared.db import Connection

_STORE = """
UPDATE attribution.setting SET reporting_zone = $1, base_currency = $2
WHERE (reporting_zone, base_currency) <> ($1, $2)
"""


async def store(connection: Connection, reporting_zone: str, base_currency: str) -> None:
    """Make the reports count by the months and days of `reporting_zone`, an IANA name."""
    await connection.execute(_STORE, reporting_zone, base_currency)
