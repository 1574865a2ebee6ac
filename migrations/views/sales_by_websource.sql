CREATE VIEW warehouse.sales_by_websource AS
SELECT model, month, source, medium,
    trim_scale(sum(sales)) AS sales, sum(amount) AS revenue, sum(source_deals)::bigint AS deals,
    sum(source_unrated)::bigint AS deals_without_rate
FROM warehouse.credit_total WHERE month IS NOT NULL
GROUP BY model, month, source, medium HAVING sum(held) > 0
