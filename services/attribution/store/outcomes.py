"""What is known of deals once they are computed."""

from collections.abc import Mapping, Sequence

from services.attribution.domain.deals.account import Found
from services.attribution.domain.deals.version import opened_at
from services.attribution.store import deals
from shared.db import Connection
from shared.events.deal import Deal

_DIGEST = """
UPDATE attribution.deal SET digest = new.digest
FROM unnest($1::text[], $2::text[]) AS new (deal_id, digest) WHERE deal.deal_id = new.deal_id
"""
_TOUCHED_UNTIL = """
UPDATE attribution.deal SET touched_until = exact.until, error = NULL
FROM unnest($1::text[], $2::timestamptz[]) AS exact (deal_id, until)
WHERE deal.deal_id = exact.deal_id AND (deal.touched_until <> exact.until OR deal.error IS NOT NULL)
"""
_ACCOUNT = """
UPDATE warehouse.fct_deal AS deal
SET account_id = found.account_id, account_rule = found.rule, created_at = found.opened_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS found (deal_id, account_id, rule, opened_at)
WHERE deal.deal_id = found.deal_id AND (deal.account_id, deal.account_rule, deal.created_at)
    IS DISTINCT FROM (found.account_id, found.rule, found.opened_at)
"""


async def stand(connection: Connection, digests: Mapping[str, str]) -> None:
    """Note the digest of what stands for each deal; an equal outcome is not written again."""
    await connection.execute(_DIGEST, list(digests), list(digests.values()))


async def facts(connection: Connection, accounts: Mapping[str, Found], versions: Mapping[str, Sequence[Deal]]) -> None:
    """What is known of the deals besides their money: whose each is, when it began, until when touches matter."""
    touched_until = {deal_id: deals.touched_until(own) for deal_id, own in versions.items()}
    opened = [opened_at(versions[deal_id]) for deal_id in accounts]
    rules = [found.rule for found in accounts.values()]
    ids = [found.account_id for found in accounts.values()]
    await connection.execute(_ACCOUNT, list(accounts), ids, rules, opened)
    await connection.execute(_TOUCHED_UNTIL, list(touched_until), list(touched_until.values()))
