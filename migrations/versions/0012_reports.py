"""What the reports need besides their views: the terms they are shown under, and the rollup of what people viewed."""

from migrations.statements import run

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """The views themselves stand in migrations/views and are made when this chain has ended."""
    run(_SETTING)
    run(_OWNERS)
    run(_REACH)
    run(_KEYS)


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

# Of overlapping claims the later one holds; reports also want touches that earn no credit, so the index has them all.
_OWNERS = """
ALTER TABLE attribution.identifier_span ADD COLUMN held_until timestamptz
--
UPDATE attribution.identifier_span AS span SET held_until = settled.held_until
FROM (
    SELECT identity, person_id, since,
        least(until, lead(since) OVER (PARTITION BY identity ORDER BY since, person_id DESC)) AS held_until
    FROM attribution.identifier_span
) AS settled
WHERE span.identity = settled.identity AND span.person_id = settled.person_id AND span.since = settled.since
--
ALTER TABLE attribution.identifier_span ALTER COLUMN held_until SET NOT NULL
--
COMMENT ON COLUMN attribution.identifier_span.held_until IS
    'until, or where a later claim to the identifier begins before that: no two people own one touch'
--
CREATE INDEX fct_touchpoint_identity ON warehouse.fct_touchpoint (identity, occurred_at)
--
DROP INDEX warehouse.fct_touchpoint_journey
"""

_REACH = """
CREATE TABLE attribution.reach_mark (
    identity text,
    person_id uuid,
    earliest timestamptz NOT NULL,
    latest timestamptz NOT NULL,
    CHECK (num_nonnulls(identity, person_id) = 1)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)
--
COMMENT ON TABLE attribution.reach_mark IS 'Whose page views are to be counted again, and between which times'
--
CREATE TABLE attribution.reach_visitor (
    visitor uuid NOT NULL,
    month date NOT NULL,
    channel text NOT NULL,
    pageviews integer NOT NULL
) WITH (fillfactor = 90)
--
COMMENT ON TABLE attribution.reach_visitor IS
    'What each visitor viewed in a month, by channel. visitor: the person, else md5 of the identity'
--
CREATE INDEX reach_visitor_month ON attribution.reach_visitor (visitor, month)
--
CREATE TABLE attribution.reach (
    month date NOT NULL,
    channel text NOT NULL,
    pageviews bigint NOT NULL,
    visitors bigint NOT NULL,
    PRIMARY KEY (month, channel)
)
--
COMMENT ON TABLE attribution.reach IS 'The sums of reach_visitor'
--
CREATE TABLE attribution.lead_origin (
    person_id uuid PRIMARY KEY,
    month date NOT NULL,
    channel text NOT NULL
)
--
COMMENT ON TABLE attribution.lead_origin IS 'The month each lead was created in, and the channel of their first touch'
--
INSERT INTO attribution.reach_mark (identity, earliest, latest)
SELECT identity, min(occurred_at), max(occurred_at)
FROM warehouse.fct_touchpoint WHERE NOT is_bot AND identity IS NOT NULL GROUP BY identity
--
INSERT INTO attribution.reach_mark (person_id, earliest, latest)
SELECT person_id, '-infinity', 'infinity' FROM attribution.person WHERE lead_created_at IS NOT NULL
"""

# What holds at every commit, because one service writes both sides in one transaction or one after the other, is a
# declared key. What two services write (touches and people) can arrive in either order, so there a key cannot hold.
_KEYS = """
ALTER TABLE warehouse.fct_deal_entry ADD FOREIGN KEY (deal_id) REFERENCES warehouse.fct_deal
"""
