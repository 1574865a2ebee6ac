"""An event counts once by its id alone; deals' signals go into a table of their own. See docs/lifecycle.md."""

from migrations.statements import run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring what is stored along: of two receipts of one event the earlier time stays, since no receipt was kept."""
    run(_SIGNALS)
    run(_REFUSED)
    run(_IDENTITY)
    run(_ACCOUNTS)


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

_IDENTITY = """
ALTER TABLE lifecycle.identifier ALTER COLUMN person_id DROP NOT NULL,
  ADD COLUMN born uuid,
  ADD COLUMN attested smallint NOT NULL DEFAULT 0,
  ADD COLUMN shared smallint NOT NULL DEFAULT 0,
  ADD COLUMN crowded boolean NOT NULL DEFAULT false
--
COMMENT ON TABLE lifecycle.identifier IS
  'Every identifier seen. person_id: whose it is (a weak one: whose it is now; a kiosk''s is nobody''s). runs: JSON, who
owned it when. born: the person it would be alone. attested: 1 by its own form, 2 by a secret key. shared: 1 its public
links do not count, 2 none of its links does. crowded: more browsers were linked to it than one person has'
--
CREATE INDEX identifier_shared ON lifecycle.identifier (kind, value) WHERE shared > 0 OR crowded
--
DELETE FROM lifecycle.weak_link l USING lifecycle.weak_link earlier
WHERE l.value = earlier.value AND l.event_id = earlier.event_id AND earlier.at < l.at
--
ALTER TABLE lifecycle.weak_link DROP CONSTRAINT weak_link_pkey,
  ADD COLUMN received_at timestamptz, ADD COLUMN position integer NOT NULL DEFAULT 0,
  ADD PRIMARY KEY (value, event_id)
--
UPDATE lifecycle.weak_link SET received_at = at
--
ALTER TABLE lifecycle.weak_link ALTER COLUMN received_at SET NOT NULL
--
INSERT INTO lifecycle.weak_owner SELECT DISTINCT strong_kind, strong_value, value FROM lifecycle.weak_link
ON CONFLICT DO NOTHING
--
ALTER TABLE lifecycle.strong_link ADD COLUMN trusted boolean NOT NULL DEFAULT false,
  ADD COLUMN suggested boolean NOT NULL DEFAULT false
--
UPDATE lifecycle.strong_link SET trusted = true
--
UPDATE lifecycle.strong_link l
SET kind = l.other_kind, value = l.other_value, other_kind = l.kind, other_value = l.value
WHERE (l.kind COLLATE "C", l.value COLLATE "C") > (l.other_kind COLLATE "C", l.other_value COLLATE "C")
--
CREATE INDEX strong_link_other ON lifecycle.strong_link (other_kind, other_value)
--
CREATE INDEX strong_link_trusted ON lifecycle.strong_link (kind, value) WHERE trusted
--
CREATE INDEX strong_link_other_trusted ON lifecycle.strong_link (other_kind, other_value) WHERE trusted
--
CREATE VIEW lifecycle.suggestion AS
SELECT kind, value, other_kind, other_value, at, event_id FROM lifecycle.strong_link WHERE suggested
--
COMMENT ON VIEW lifecycle.suggestion IS
  'Links by a public key between two people whom better evidence knows as two: not followed, for a person to confirm'
--
CREATE INDEX strong_link_suggested ON lifecycle.strong_link (kind, value) WHERE suggested
"""

_ACCOUNTS = """
ALTER TABLE lifecycle.claim ADD COLUMN trusted boolean NOT NULL DEFAULT false
--
UPDATE lifecycle.claim SET trusted = true WHERE rule = 'deal'
--
ALTER TABLE lifecycle.claim DROP CONSTRAINT claim_pkey,
  ADD PRIMARY KEY (subject_kind, subject_value, rule, ref, trusted)
--
UPDATE lifecycle.account_object SET name = '' WHERE name IS NULL
--
ALTER TABLE lifecycle.account_object DROP CONSTRAINT account_object_pkey,
  ADD COLUMN rank smallint NOT NULL DEFAULT 0, ADD COLUMN ref text NOT NULL DEFAULT '',
  ALTER COLUMN name SET NOT NULL
--
UPDATE lifecycle.account_object SET rank = 2, ref = event_id WHERE event_id LIKE 'deal:%'
--
ALTER TABLE lifecycle.account_object ADD PRIMARY KEY (account_id, domain, name_key, rank, ref)
--
CREATE INDEX account_object_ref ON lifecycle.account_object (ref) WHERE ref <> ''
--
CREATE INDEX account_object_trusted ON lifecycle.account_object (domain) WHERE rank > 0 AND domain <> ''
--
COMMENT ON TABLE lifecycle.account_object IS
  'How accounts were named: rank 0 by a public key, 1 by a deal''s contacts, 2 by a secret key; ref: the deal, if any'
--
ALTER TABLE lifecycle.account_alias ADD COLUMN joined_by text
--
COMMENT ON COLUMN lifecycle.account_alias.joined_by IS 'The event that made this key stand for the account'
--
ALTER TABLE lifecycle.person ADD COLUMN account_keys text[]
--
UPDATE lifecycle.person SET account_keys = ARRAY[account_key] WHERE account_key IS NOT NULL
--
ALTER TABLE lifecycle.person DROP COLUMN account_key
--
CREATE INDEX person_account_keys ON lifecycle.person USING gin (account_keys) WHERE account_keys IS NOT NULL
--
ALTER TABLE lifecycle.deal ADD COLUMN received_at timestamptz NOT NULL DEFAULT '1900-01-01 00:00Z',
  ADD COLUMN position integer NOT NULL DEFAULT 0
"""
