"""Deals as they arrive: every version is kept, the latest is published, and the keys people are found by are noted."""

from collections.abc import Sequence
from datetime import datetime

from services.attribution.domain.deals.account import deal_keys
from services.attribution.domain.deals.version import version_hash
from services.attribution.store.bounds import ALWAYS, FOREVER
from shared.db import Connection
from shared.events import encode
from shared.events.deal import Deal

_GATE = """
INSERT INTO attribution.deal AS known (deal_id, touched_until)
SELECT * FROM unnest($1::text[], $2::timestamptz[])
ON CONFLICT (deal_id) DO UPDATE SET touched_until = greatest(known.touched_until, excluded.touched_until)
"""
_VERSION = """
INSERT INTO attribution.deal_version (deal_id, updated_at, version_hash, deal)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::jsonb[]) ON CONFLICT DO NOTHING
RETURNING deal_id
"""
_KEY = """
INSERT INTO attribution.deal_key (key, deal_id) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING
"""
_COLUMNS = (
    "deal_id", "source", "name", "owner", "type", "status", "stage", "amount", "currency", "created_at", "closed_at",
    "updated_at", "contacts", "referred_by", "version_hash",
)  # fmt: skip
_PUBLISH = f"""
INSERT INTO warehouse.fct_deal AS known ({", ".join(_COLUMNS)})
VALUES ({", ".join(f"${n}" for n in range(1, len(_COLUMNS) + 1))})
ON CONFLICT (deal_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}
WHERE (excluded.updated_at, excluded.version_hash) > (known.updated_at, known.version_hash)
"""  # noqa: S608 - the names are ours


def touched_until(versions: Sequence[Deal]) -> datetime:
    """The latest moment at which a touch can still earn credit; `versions` oldest first."""
    if versions[-1].status == "open":
        return FOREVER
    return max((v.closed_at or v.updated_at for v in versions if v.status == "won"), default=ALWAYS)


async def store(connection: Connection, deals: Sequence[Deal]) -> list[str]:
    """Take in versions; the deals that have a version not seen before."""
    ordered = sorted(deals, key=lambda deal: (deal.deal_id, deal.updated_at, version_hash(deal)))
    ids, hashes = [deal.deal_id for deal in ordered], [version_hash(deal) for deal in ordered]
    until: dict[str, datetime] = {}
    for deal in ordered:
        until[deal.deal_id] = max(until.get(deal.deal_id, ALWAYS), touched_until([deal]))
    # First, for its row locks: whoever computes the deal holds them, and everything else of the deal comes after.
    await connection.execute(_GATE, list(until), list(until.values()))
    new = await connection.fetch(
        _VERSION, ids, [deal.updated_at for deal in ordered], hashes, [encode(deal).decode() for deal in ordered]
    )
    newest = dict(zip(ids, zip(ordered, hashes, strict=True), strict=True))
    await connection.executemany(_PUBLISH, [_row(deal, digest) for deal, digest in newest.values()])
    keys = sorted((key, deal.deal_id) for deal in ordered for key in deal_keys(deal))
    await connection.execute(_KEY, [key for key, _ in keys], [deal_id for _, deal_id in keys])
    return sorted({row["deal_id"] for row in new})


def _row(deal: Deal, digest: str) -> tuple[object, ...]:
    return (
        deal.deal_id,
        deal.source,
        deal.name,
        deal.owner,
        deal.type,
        deal.status,
        deal.stage,
        deal.amount,
        deal.currency,
        deal.created_at,
        deal.closed_at,
        deal.updated_at,
        list(deal.contacts),
        deal.referred_by,
        digest,
    )
