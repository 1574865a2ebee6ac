CREATE VIEW warehouse.pipeline_by_channel AS
SELECT model, channel, coalesce(sum(amount_base), 0) AS pipeline, count(DISTINCT deal_id) AS deals,
    count(DISTINCT deal_id) FILTER (WHERE amount_base IS NULL) AS deals_without_rate
FROM warehouse.credited WHERE kind = 'pipeline' GROUP BY model, channel
