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
    SELECT date_trunc('month', occurred_at AT TIME ZONE (SELECT reporting_zone FROM warehouse.setting))::date AS month, channel, count(*) AS pageviews,
        count(DISTINCT identity) AS visitors
    FROM brought WHERE kind = 'page_view' GROUP BY 1, 2
), leads AS (
    SELECT date_trunc('month', person.lead_created_at AT TIME ZONE (SELECT reporting_zone FROM warehouse.setting))::date AS month,
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
