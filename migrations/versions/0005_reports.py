"""The reports: views over the facts, for any SQL or BI tool. docs/warehouse.md says what each counts."""

from migrations.statements import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Views run with their owner's rights: bi_reader sees people through them without reading private schemas."""
    run(TOUCHES)
    run(REVENUE)
    run(REACH)


TOUCHES = """
CREATE VIEW warehouse.touchpoint AS
SELECT touch.*, owner.person_id, owner.account_id
FROM warehouse.fct_touchpoint AS touch
LEFT JOIN LATERAL (
    SELECT person_id, account_id
    FROM attribution.identifier_span AS span JOIN attribution.person USING (person_id)
    WHERE span.identity = touch.identity AND touch.occurred_at >= span.since AND touch.occurred_at < span.until
    ORDER BY span.since DESC, person_id LIMIT 1
) AS owner ON true
"""

# A sale counts by the weight of its credit: over all channels a model's sales add up to the number of sales.
REVENUE = """
CREATE VIEW warehouse.credited AS
SELECT credit.model, credit.deal_id, credit.entry_id, entry.kind, entry.booking, entry.occurred_at,
    date_trunc('month', entry.occurred_at AT TIME ZONE 'UTC')::date AS month,
    credit.touchpoint_id, credit.channel,
    coalesce(touch.session_source, 'Unattributed') AS source, coalesce(touch.session_medium, 'Unattributed') AS medium,
    touch.utm_campaign AS campaign, credit.position, credit.weight, credit.amount_base,
    credit.weight::numeric * CASE WHEN entry.kind IN ('booked', 'renewed') THEN 1 WHEN entry.kind = 'reopened' THEN -1
        ELSE 0 END AS sales
FROM warehouse.fct_credit AS credit
JOIN warehouse.fct_deal_entry AS entry USING (entry_id)
LEFT JOIN warehouse.fct_touchpoint AS touch USING (touchpoint_id)
WHERE credit.superseded_at IS NULL AND entry.superseded_at IS NULL
--
CREATE VIEW warehouse.revenue_by_channel AS
SELECT model, month, channel, coalesce(sum(amount_base), 0) AS revenue,
    count(DISTINCT deal_id) FILTER (WHERE kind IN ('booked', 'renewed')) AS deals, round(sum(sales), 6) AS sales,
    count(DISTINCT deal_id) FILTER (WHERE amount_base IS NULL) AS deals_without_rate
FROM warehouse.credited WHERE kind <> 'pipeline' GROUP BY model, month, channel
--
CREATE VIEW warehouse.sales_by_websource AS
SELECT model, month, source, medium, round(sum(sales), 6) AS sales, coalesce(sum(amount_base), 0) AS revenue
FROM warehouse.credited WHERE kind <> 'pipeline' GROUP BY model, month, source, medium
--
CREATE VIEW warehouse.pipeline_by_channel AS
SELECT model, channel, coalesce(sum(amount_base), 0) AS pipeline, count(DISTINCT deal_id) AS deals,
    count(DISTINCT deal_id) FILTER (WHERE amount_base IS NULL) AS deals_without_rate
FROM warehouse.credited WHERE kind = 'pipeline' GROUP BY model, channel
"""

# The pages after a visit's first have our own site as their referrer; they count for what began the visit, as a
# session's credit does: the latest touch of the visit that is not Direct.
REACH = """
CREATE VIEW warehouse.vanity_metrics AS
WITH paced AS (
    SELECT identity, kind, occurred_at, touchpoint_id, channel,
        occurred_at - lag(occurred_at) OVER one <= interval '30 minutes' AS goes_on
    FROM warehouse.fct_touchpoint WHERE NOT is_bot AND identity IS NOT NULL
    WINDOW one AS (PARTITION BY identity ORDER BY occurred_at, touchpoint_id)
), visits AS (
    SELECT *, count(*) FILTER (WHERE goes_on IS NOT TRUE OR channel <> 'Direct')
        OVER (PARTITION BY identity ORDER BY occurred_at, touchpoint_id) AS visit
    FROM paced
), brought AS (
    SELECT identity, kind, occurred_at,
        first_value(channel) OVER (PARTITION BY identity, visit ORDER BY occurred_at, touchpoint_id) AS channel
    FROM visits
), viewed AS (
    SELECT date_trunc('month', occurred_at AT TIME ZONE 'UTC')::date AS month, channel, count(*) AS pageviews,
        count(DISTINCT identity) AS visitors
    FROM brought WHERE kind = 'page_view' GROUP BY 1, 2
), leads AS (
    SELECT date_trunc('month', person.lead_created_at AT TIME ZONE 'UTC')::date AS month,
        coalesce(first.channel, 'Unattributed') AS channel, count(*) AS leads
    FROM attribution.person
    LEFT JOIN LATERAL (
        SELECT touch.channel
        FROM attribution.identifier_span AS span JOIN warehouse.fct_touchpoint AS touch
            ON touch.identity = span.identity AND touch.earns_credit
            AND touch.occurred_at >= span.since AND touch.occurred_at < span.until
        WHERE span.person_id = person.person_id ORDER BY touch.occurred_at, touch.touchpoint_id LIMIT 1
    ) AS first ON true
    WHERE person.lead_created_at IS NOT NULL AND person.merged_into IS NULL GROUP BY 1, 2
)
SELECT channel, month, coalesce(pageviews, 0) AS pageviews, coalesce(visitors, 0) AS visitors,
    coalesce(leads, 0) AS leads
FROM viewed FULL JOIN leads USING (month, channel)
"""
