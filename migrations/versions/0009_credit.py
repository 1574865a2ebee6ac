"""The credit part of the second version."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Nothing yet."""
