CREATE VIEW warehouse.revenue_by_channel AS
SELECT model, month, channel,
    sum(amount) AS revenue, sum(deals)::bigint AS deals, trim_scale(sum(sales)) AS sales, sum(unrated)::bigint
    AS deals_without_rate
FROM warehouse.credit_total WHERE month IS NOT NULL
GROUP BY model, month, channel HAVING sum(held) > 0
--
GRANT SELECT ON warehouse.revenue_by_channel TO closedloop_attribution
