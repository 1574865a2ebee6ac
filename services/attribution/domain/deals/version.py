"""One version of a deal, as the CRM sent it, and the order of versions.

The order is (updated_at, hash): the hash only decides between two versions that claim the same moment, so that every
process folds them in the same order whichever came first.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from shared.events import encode
from shared.events.deal import Deal

_ANY_TIME = datetime.min.replace(tzinfo=UTC)


def version_hash(deal: Deal) -> str:
    """Sixteen hex digits of what the CRM said. When it reached us does not matter."""
    return sha256(encode(msgspec.structs.replace(deal, received_at=_ANY_TIME))).hexdigest()[:16]


def in_order(versions: Iterable[Deal]) -> list[Deal]:
    """The distinct versions, oldest first."""
    distinct = {(deal.updated_at, version_hash(deal)): deal for deal in versions}
    return [distinct[key] for key in sorted(distinct)]
