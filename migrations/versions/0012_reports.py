"""What the reports need besides their views: the terms they are shown under."""

from migrations.statements import run

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """The views themselves stand in migrations/views and are made when this chain has ended."""
    run(_SETTING)


_SETTING = """
CREATE TABLE attribution.setting (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    reporting_zone text NOT NULL,
    base_currency text NOT NULL
)
--
COMMENT ON TABLE attribution.setting IS 'What closedloop.yaml says of reports; written when attribution starts'
--
INSERT INTO attribution.setting (reporting_zone, base_currency) VALUES ('UTC', 'USD')
"""
