"""Channels x models as grouped bars."""

from pathlib import Path

from deploy.attribute.models import Totals, UnusableOption


def draw(totals: list[Totals], path: Path) -> None:
    """Write the picture."""
    raise UnusableOption("not yet")
