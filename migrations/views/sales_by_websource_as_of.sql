CREATE FUNCTION warehouse.sales_by_websource_as_of(stamp timestamptz) RETURNS TABLE (
    model text, month date, source text, medium text, sales numeric, revenue numeric, deals bigint,
    deals_without_rate bigint
)
LANGUAGE sql STABLE AS $$
    SELECT model, month, source, medium,
        trim_scale(sum(sales)) AS sales, sum(amount) AS revenue, sum(source_deals)::bigint AS deals,
        sum(source_unrated)::bigint AS deals_without_rate
    FROM warehouse.credit_total_as_of(stamp) WHERE month IS NOT NULL
    GROUP BY model, month, source, medium HAVING sum(held) > 0
$$
