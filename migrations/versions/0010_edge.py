"""The edge part of the second version."""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Nothing yet."""
