"""Why an item cannot be used: told to the sender, and kept with the dead letter."""

from typing import NamedTuple

from shared.errors import BadRecord

WHOLE = "$"
"""The path of a problem with the item as a whole."""
_LONGEST = 300
"""Characters of a path or message: both may quote what was sent, and a batch may bring thousands."""


class Problem(NamedTuple):
    """`path` is where, such as `page.url` or `contacts[1]`; `message` says what would be right."""

    path: str
    message: str


Problems = tuple[Problem, ...]
"""Everything that is wrong with one item: what becomes of a rejection once it is caught.

An exception would keep the frames it went through, and with them everything they hold, until the garbage collector
comes: thousands of bad items cost hundreds of megabytes that way.
"""


class Rejected(BadRecord):
    """One item cannot be used; the rest of its batch can."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(told(problems))
        self.problems = problems


def rejected(path: str, message: str) -> Rejected:
    """A rejection with one problem."""
    return Rejected(Problem(path[:_LONGEST], message[:_LONGEST]))


def told(problems: Problems) -> str:
    """Problems as one line."""
    return "; ".join(f"{path}: {message}" for path, message in problems)


def from_decoder(error: Exception) -> Problems:
    """What is wrong with an item that msgspec could not decode; its message ends in the path: `- at `$.page.url``."""
    if isinstance(error, UnicodeDecodeError):
        return (Problem(WHOLE, "holds bytes that are not UTF-8"),)
    if isinstance(error, RecursionError):
        return (Problem(WHOLE, "is nested too deep"),)
    message, _, path = str(error).partition(" - at `")
    path = path.rstrip("`").removeprefix("$.").removeprefix("$") or WHOLE
    return (Problem(path[:_LONGEST], message[:_LONGEST]),)
