"""Schema of attribution."""

from migrations.statements import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run("")
