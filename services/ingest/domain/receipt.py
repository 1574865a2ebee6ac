"""The circumstances of an item: who sent it, how, and when it came."""

from datetime import datetime

import msgspec

from shared.events.ids import Sender


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """`received_at` is UTC. `call` is the Segment call the path names, if any; `sent_at` the envelope's, if any."""

    sender: Sender
    received_at: datetime
    call: str = ""
    sent_at: datetime | None = None
