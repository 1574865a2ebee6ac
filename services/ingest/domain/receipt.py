"""The circumstances of an item: who sent it, how, and when it came."""

from dataclasses import dataclass
from datetime import datetime

from services.ingest.domain.ids import Sender


@dataclass(frozen=True, slots=True)
class Receipt:
    """`received_at` is UTC. `call` is the Segment call the path names, if any; `sent_at` the envelope's, if any."""

    sender: Sender
    received_at: datetime
    call: str = ""
    sent_at: datetime | None = None
