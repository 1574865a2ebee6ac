"""Schema of ingest."""

from migrations.statements import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run("")
