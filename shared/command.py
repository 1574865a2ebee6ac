"""How the `closedloop` command is called here, for hints that can be pasted as they are."""

import shutil
import sys
from pathlib import Path


def as_called(called: str, found: str | None) -> str:
    """What a person has to type: the plain name where the shell finds that very program, else what was typed now.

    `called` is the process's own first argument, `found` what the shell finds under the plain name.
    """
    if Path(called).name != "closedloop":
        return "closedloop"  # a service or a test speaks, which nobody typed
    if found is not None and Path(found).absolute() == Path(called).absolute():
        return "closedloop"
    return called


CLOSEDLOOP = as_called(sys.argv[0] if sys.argv else "", shutil.which("closedloop"))
"""The command, for a hint."""
