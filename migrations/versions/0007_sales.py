"""Sales' answer: who acted, when an accepted lead was given back; alarms ring once for each time they are due."""

from migrations.statements import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """What is stored stays; a lead's answer is put right when something new comes of the lead."""
    run(_SIGNALS)
    run(_ANSWERS)
    run(_ALARMS)


_SIGNALS = """
ALTER TABLE lifecycle.signal ADD COLUMN actor text, ADD COLUMN source text
--
COMMENT ON COLUMN lifecycle.signal.actor IS 'who acted for sales, as far as the sender said'
--
COMMENT ON COLUMN lifecycle.signal.source IS 'the source that told of an act of sales'
"""

_ANSWERS = """
ALTER TABLE warehouse.fct_sales_response
  ADD COLUMN contact_due_at timestamptz,
  ADD COLUMN returned_at timestamptz,
  ADD COLUMN return_reason text
"""

# An alarm that rang before is not told apart from its event, whose id was not kept: '' says that it rang.
_ALARMS = """
ALTER TABLE lifecycle.sla_timer ADD COLUMN rung_as text
--
UPDATE lifecycle.sla_timer SET rung_as = '' WHERE fired_at IS NOT NULL
--
DROP INDEX lifecycle.sla_timer_next
--
ALTER TABLE lifecycle.sla_timer DROP COLUMN fired_at
--
ALTER TABLE lifecycle.sla_timer DROP CONSTRAINT sla_timer_pkey, ADD PRIMARY KEY (person_id, cycle, what, due_at)
--
CREATE INDEX sla_timer_next ON lifecycle.sla_timer (fire_at) WHERE rung_as IS NULL
--
COMMENT ON TABLE lifecycle.sla_timer IS
  'SLA alarms. rung_as: the id of the event that told of it, NULL while it has not rung'
"""
