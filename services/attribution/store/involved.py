"""Whose touches may be those of a deal, and in which times."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.attribution.store.bounds import ALWAYS, FOREVER, zoned
from shared.db import Connection

# A person may be found in several ways; what each says of the time is made one.
_PEOPLE = """
WITH of_domain AS (SELECT * FROM unnest($3::int[], $4::text[]) AS asked (deal, domain)), found AS (
    SELECT asked.deal, person_id, since, until FROM unnest($1::int[], $2::text[]) AS asked (deal, account_id)
    JOIN attribution.membership USING (account_id)
    UNION ALL
    SELECT deal, person_id, since, until FROM of_domain JOIN attribution.membership USING (domain)
    UNION ALL
    SELECT deal, person_id, $7, $8 FROM of_domain JOIN attribution.email_domain USING (domain)
    UNION ALL
    SELECT asked.deal, person_id, $7, $8 FROM unnest($5::int[], $6::text[]) AS asked (deal, identity)
    JOIN attribution.identifier_span USING (identity)
), belonged AS (
    SELECT deal, person_id, unnest(range_agg(tstzrange(since, until))) AS span FROM found GROUP BY deal, person_id
)
SELECT deal, person_id::text, lower(span) AS since, upper(span) AS until, lead_created_at, lead_created_by
FROM belonged JOIN attribution.person USING (person_id) WHERE merged_into IS NULL
"""


class Involved(NamedTuple):
    """A person whose touches from `since` (inclusive) to `until` (exclusive) are those of a deal, by its number."""

    deal: int
    person_id: str
    since: datetime
    until: datetime
    lead_created_at: datetime | None
    lead_created_by: str | None


async def people(
    connection: Connection,
    of_accounts: Iterable[tuple[int, str]],
    of_domains: Iterable[tuple[int, str]],
    of_identities: Iterable[tuple[int, str]],
) -> list[Involved]:
    """People by (deal number, account id), by (deal number, company domain) and by (deal number, identity).

    Who belongs to the account or domain does so for a time; whoever has an email of the domain or the identity, always.
    """
    columns = [column for pairs in (of_accounts, of_domains, of_identities) for column in _transposed(pairs)]
    rows: Sequence[Sequence[Any]] = await connection.fetch(_PEOPLE, *columns, ALWAYS, FOREVER)
    return [
        Involved(deal, person_id, zoned(since), zoned(until), lead_at, lead_by)
        for deal, person_id, since, until, lead_at, lead_by in rows
    ]


def _transposed(pairs: Iterable[tuple[int, str]]) -> tuple[list[int], list[str]]:
    ordered = sorted(pairs)
    return [number for number, _ in ordered], [value for _, value in ordered]
