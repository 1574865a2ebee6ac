"""How long a text may be, at every door and in every event: one bound for one thing, whichever way it comes in."""

import re
from typing import Final

IDENTIFIER: Final = 512
"""Characters of an id or a name that is looked for: it must fit into an index row of PostgreSQL (2,704 bytes)."""
IDENTIFIER_BYTES: Final = 800
"""Bytes of such a text in UTF-8: an index row holds up to three of them."""
REASON: Final = 2_000
"""Characters of what a person wrote to explain something, such as why a lead was rejected."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without NUL characters, half characters as U+FFFD: PostgreSQL stores neither, and the rest has worth."""
    return _UNSTORABLE.sub(lambda found: "" if found[0] == "\0" else "\ufffd", text)
