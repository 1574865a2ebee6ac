"""Schema of ingest: events that could not be used, kept whole."""

from migrations.statements import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """See shared.events.dead_letter for what the columns mean."""
    run("""
CREATE TABLE ingest.dead_letter (
  dead_letter_id uuid PRIMARY KEY,
  origin text NOT NULL,
  reason text NOT NULL,
  body text NOT NULL,
  encoding text NOT NULL,
  failed_at timestamptz NOT NULL,
  topic text,
  type text,
  source text,
  stored_at timestamptz NOT NULL DEFAULT now(),
  replayed_at timestamptz
)
--
CREATE INDEX dead_letter_failed_at ON ingest.dead_letter (failed_at)
""")
