CREATE VIEW warehouse.revenue_by_channel AS
SELECT model, month, channel, coalesce(sum(amount_base), 0) AS revenue,
    count(DISTINCT deal_id) FILTER (WHERE kind IN ('booked', 'renewed')) AS deals, round(sum(sales), 6) AS sales,
    count(DISTINCT deal_id) FILTER (WHERE amount_base IS NULL) AS deals_without_rate
FROM warehouse.credited WHERE kind <> 'pipeline' GROUP BY model, month, channel
