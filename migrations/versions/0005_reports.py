"""Schema of reports."""

from migrations.statements import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run("")
