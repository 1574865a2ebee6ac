"""An event counts once by its id alone; deals' signals go into a table of their own. See docs/lifecycle.md."""

from migrations.statements import run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring what is stored along: of two receipts of one event the earlier time stays, since no receipt was kept."""
    run(_SIGNALS)
    run(_REFUSED)


_SIGNALS = """
CREATE TABLE lifecycle.deal_signal (
  deal_id text NOT NULL,
  subject_kind text NOT NULL,
  subject_value text NOT NULL,
  occurred_at timestamptz NOT NULL,
  signal_id text NOT NULL,
  kind text NOT NULL,
  PRIMARY KEY (deal_id, subject_kind, subject_value, signal_id)
)
--
COMMENT ON TABLE lifecycle.deal_signal IS
  'What the counting version of a deal says about its contacts, or about everybody of its account'
--
INSERT INTO lifecycle.deal_signal
SELECT DISTINCT ON (deal_id, subject_kind, subject_value, signal_id)
  deal_id, subject_kind, subject_value, occurred_at, signal_id, kind
FROM lifecycle.signal WHERE deal_id IS NOT NULL
ORDER BY deal_id, subject_kind, subject_value, signal_id, occurred_at
--
CREATE INDEX deal_signal_subject ON lifecycle.deal_signal (subject_kind, subject_value)
--
DELETE FROM lifecycle.signal WHERE deal_id IS NOT NULL
--
DELETE FROM lifecycle.signal s USING lifecycle.signal earlier
WHERE earlier.signal_id = s.signal_id
  AND (earlier.occurred_at, earlier.subject_kind, earlier.subject_value)
    < (s.occurred_at, s.subject_kind, s.subject_value)
--
ALTER TABLE lifecycle.signal DROP CONSTRAINT signal_pkey, DROP COLUMN deal_id, ADD PRIMARY KEY (signal_id),
  ADD COLUMN received_at timestamptz, ADD COLUMN position integer NOT NULL DEFAULT 0
--
UPDATE lifecycle.signal SET received_at = occurred_at
--
ALTER TABLE lifecycle.signal ALTER COLUMN received_at SET NOT NULL
--
CREATE INDEX signal_subject ON lifecycle.signal (subject_kind, subject_value)
--
COMMENT ON TABLE lifecycle.signal IS
  'What somebody did, one row an event: the receipt with the least (received_at, position) stands'
"""

_REFUSED = """
CREATE TABLE lifecycle.refused (
  topic text NOT NULL,
  key text NOT NULL,
  event_id text NOT NULL,
  at timestamptz NOT NULL,
  value bytea NOT NULL,
  reason text NOT NULL,
  refused_at timestamptz NOT NULL
)
--
COMMENT ON TABLE lifecycle.refused IS 'Events from the outbox that Kafka will never take, whole, with the reason'
"""
