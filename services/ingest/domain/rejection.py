"""Why an item cannot be used: told to the sender, and kept with the dead letter."""

from typing import NamedTuple

from shared.errors import BadRecord

WHOLE = "$"
"""The path of a problem with the item as a whole."""


class Problem(NamedTuple):
    """`path` is where, such as `page.url` or `contacts[1]`; `message` says what would be right."""

    path: str
    message: str


class Rejected(BadRecord):
    """One item cannot be used; the rest of its batch can."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in problems))
        self.problems = problems


def rejected(path: str, message: str) -> Rejected:
    """A rejection with one problem."""
    return Rejected(Problem(path, message))


def from_decoder(error: Exception) -> Rejected:
    """The rejection of an item that msgspec could not decode; its message ends in the path, as `- at `$.page.url``."""
    if isinstance(error, UnicodeDecodeError):
        return rejected(WHOLE, "holds bytes that are not UTF-8")
    if isinstance(error, RecursionError):
        return rejected(WHOLE, "is nested too deep")
    message, _, path = str(error).partition(" - at `")
    return rejected(path.rstrip("`").removeprefix("$.").removeprefix("$") or WHOLE, message)
