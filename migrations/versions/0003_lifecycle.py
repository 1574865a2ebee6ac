"""Schema of lifecycle."""

from migrations.statements import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run("")
