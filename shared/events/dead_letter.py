"""An event that could not be used, kept whole with the reason, on the `dead-letters` topic."""

from datetime import datetime

import msgspec


class DeadLetter(msgspec.Struct, omit_defaults=True, frozen=True):
    """`body` is the event as it came, text; bytes that are not UTF-8 are kept base64 and `encoding` says so.

    `origin` says who gave up on it: `ingest:/v1/touchpoints`, or `<group>:<topic>/<partition>/<offset>`.
    `topic` is where a mended body would be replayed to; None when it never reached one.
    """

    dead_letter_id: str
    origin: str
    reason: str
    body: str
    failed_at: datetime
    encoding: str = "utf-8"
    topic: str | None = None
    type: str | None = None
    source: str | None = None
