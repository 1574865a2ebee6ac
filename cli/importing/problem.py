"""What is wrong with one field of a row or an item: the path to it and why. Told alike by us and by ingest."""

from typing import NamedTuple


class Problem(NamedTuple):
    """`path` is where, such as `page.url`; `message` says what would be right."""

    path: str
    message: str
