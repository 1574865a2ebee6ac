"""Where the checkout and its pages are, whatever folder a test stands in."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
