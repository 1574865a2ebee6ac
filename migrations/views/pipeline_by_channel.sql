CREATE VIEW warehouse.pipeline_by_channel AS
SELECT model, channel,
    sum(amount) AS pipeline, sum(deals)::bigint AS deals, sum(unrated)::bigint AS deals_without_rate
FROM warehouse.credit_total WHERE month IS NULL
GROUP BY model, channel HAVING sum(held) > 0
