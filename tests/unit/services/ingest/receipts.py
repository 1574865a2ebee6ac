"""Small builders for what arrives."""

from datetime import UTC, datetime
from typing import Any

from services.ingest.domain.receipt import Receipt
from shared.events.ids import Sender

RECEIVED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def receipt(call: str = "", sent_at: datetime | None = None, source: str = "web", **more: Any) -> Receipt:
    """A receipt of source `web` at RECEIVED."""
    return Receipt(Sender(source), RECEIVED, call, sent_at, **more)
