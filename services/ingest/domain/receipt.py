"""The circumstances of an item: who sent it, how, and when it came."""

from datetime import datetime

import msgspec

from services.ingest.domain.crm import Crm
from shared.events.ids import Sender
from shared.identifiers import JUNK, Junk


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """`received_at` is UTC. `call` is the Segment call the path names, if any.

    `trusted`: it came with a secret key. `sent_at` and `context` are the envelope's, for items that lack their own.
    """

    sender: Sender
    received_at: datetime
    call: str = ""
    sent_at: datetime | None = None
    trusted: bool = False
    crm: Crm = Crm()
    junk: Junk = JUNK
    context: object = None
