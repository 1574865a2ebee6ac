"""The identity part of the second version."""

from alembic import op

from migrations.publish import withdraw

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Withdraw the views first: this and the next revisions change what they read. They come back at the end."""
    withdraw(op.get_bind())
