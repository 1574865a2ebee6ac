"""Deals as they arrive: every version is kept, the latest is published, and the keys people are found by are noted."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from services.attribution.domain.deals.account import deal_keys
from services.attribution.domain.deals.version import in_order, opened_at, order_of, timely, version_hash
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
INSERT INTO attribution.deal_version AS known (deal_id, updated_at, version_hash, received_at, position, deal)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::timestamptz[], $5::int[], $6::jsonb[])
ON CONFLICT (deal_id, updated_at, version_hash) DO UPDATE
SET received_at = excluded.received_at, position = excluded.position, deal = excluded.deal
WHERE (excluded.received_at, excluded.position) > (known.received_at, known.position)
RETURNING deal_id, updated_at, xmax = 0 AS is_new
"""
# Only between versions of one moment does it matter when a version was received.
_RIVALS = """
SELECT DISTINCT asked.deal_id FROM unnest($1::text[], $2::timestamptz[]) AS asked (deal_id, updated_at)
JOIN attribution.deal_version AS one USING (deal_id, updated_at)
JOIN attribution.deal_version AS other USING (deal_id, updated_at) WHERE one.version_hash < other.version_hash
"""
_KEY = """
INSERT INTO attribution.deal_key (key, deal_id) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING
"""
_FOLLOWING = "SELECT deal_id FROM attribution.deal WHERE deal_id > $1 ORDER BY deal_id LIMIT $2"
_VERSIONS = "SELECT deal_id, deal::text FROM attribution.deal_version WHERE deal_id = ANY($1)"
_ALL_IDS = "SELECT deal_id FROM attribution.deal ORDER BY deal_id"
_COLUMNS = (
    "deal_id", "source", "crm", "name", "owner", "type", "status", "stage", "amount", "currency", "created_at",
    "closed_at", "updated_at", "contacts", "referred_by", "received_at", "position", "version_hash",
)  # fmt: skip
# When the deal began depends on all its versions: whoever computes it sets `created_at`, and this only at first.
_PUBLISH = f"""
INSERT INTO warehouse.fct_deal AS known ({", ".join(_COLUMNS)})
VALUES ({", ".join(f"${n}" for n in range(1, len(_COLUMNS) + 1))})
ON CONFLICT (deal_id) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in {"deal_id", "created_at"})}
WHERE (excluded.updated_at, excluded.received_at, excluded.position, excluded.version_hash)
    > (known.updated_at, known.received_at, known.position, known.version_hash)
"""  # noqa: S608 - the names are ours

_decode = msgspec.json.Decoder(Deal).decode


def touched_until(versions: Sequence[Deal]) -> datetime:
    """The latest moment at which a touch can still earn credit; `versions` oldest first."""
    if versions[-1].status == "open":
        return FOREVER
    return max((v.closed_at or v.updated_at for v in versions if v.status == "won"), default=ALWAYS)


async def store(connection: Connection, deals: Iterable[Deal]) -> list[str]:
    """Take in versions; the deals that have a version not seen before, or whose versions now stand otherwise."""
    ordered = sorted(deals, key=lambda deal: (deal.deal_id, order_of(deal)))
    until: dict[str, datetime] = {}
    for deal in ordered:
        until[deal.deal_id] = max(until.get(deal.deal_id, ALWAYS), touched_until([timely(deal)]))
    # First, for its row locks: whoever computes the deal holds them, and everything else of the deal comes after.
    await connection.execute(_GATE, list(until), list(until.values()))
    changed = await _store_versions(connection, ordered)
    newest = {deal.deal_id: deal for deal in ordered}
    await connection.executemany(_PUBLISH, [_row(timely(deal), version_hash(deal)) for deal in newest.values()])
    keys = sorted((key, deal.deal_id) for deal in ordered for key in deal_keys(deal))
    await connection.execute(_KEY, [key for key, _ in keys], [deal_id for _, deal_id in keys])
    return changed


async def following(connection: Connection, after: str, most: int) -> list[str]:
    """The next deals by id, up to `most`."""
    return [row["deal_id"] for row in await connection.fetch(_FOLLOWING, after, most)]


async def versions(connection: Connection, deal_ids: Iterable[str]) -> dict[str, list[Deal]]:
    """Every version of each deal, oldest first."""
    found: dict[str, list[Deal]] = defaultdict(list)
    for row in await connection.fetch(_VERSIONS, list(deal_ids)):
        found[row["deal_id"]].append(_decode(row["deal"]))
    return {deal_id: in_order(found[deal_id]) for deal_id in sorted(found)}


async def all_ids(connection: Connection) -> list[str]:
    """Every deal there is."""
    return [row["deal_id"] for row in await connection.fetch(_ALL_IDS)]


async def _store_versions(connection: Connection, ordered: Sequence[Deal]) -> list[str]:
    # A statement may touch a row once: of one version received several times the last receipt goes in.
    distinct = {(deal.deal_id, deal.updated_at, version_hash(deal)): deal for deal in ordered}
    ids, moments, hashes = ([key[n] for key in distinct] for n in range(3))
    given = distinct.values()
    stored = await connection.fetch(
        _VERSION,
        ids,
        moments,
        hashes,
        [deal.received_at for deal in given],
        [deal.position for deal in given],
        [encode(deal).decode() for deal in given],
    )
    changed = {row["deal_id"] for row in stored if row["is_new"]}
    if again := [row for row in stored if not row["is_new"]]:
        rivals = await connection.fetch(_RIVALS, [r["deal_id"] for r in again], [r["updated_at"] for r in again])
        changed |= {row["deal_id"] for row in rivals}
    return sorted(changed)


def _row(deal: Deal, digest: str) -> tuple[object, ...]:
    return (
        deal.deal_id,
        deal.source,
        deal.crm,
        deal.name,
        deal.owner,
        deal.type,
        deal.status,
        deal.stage,
        deal.amount,
        deal.currency,
        opened_at([deal]),
        deal.closed_at,
        deal.updated_at,
        list(deal.contacts),
        deal.referred_by,
        deal.received_at,
        deal.position,
        digest,
    )
