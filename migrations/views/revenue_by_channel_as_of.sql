CREATE FUNCTION warehouse.revenue_by_channel_as_of(stamp timestamptz) RETURNS TABLE (
    model text, month date, channel text, revenue numeric, deals bigint, sales numeric, deals_without_rate
    bigint
)
LANGUAGE sql STABLE AS $$
    SELECT model, month, channel,
        sum(amount) AS revenue, sum(deals)::bigint AS deals, trim_scale(sum(sales)) AS sales, sum(unrated)::bigint
        AS deals_without_rate
    FROM warehouse.credit_total_as_of(stamp) WHERE month IS NOT NULL
    GROUP BY model, month, channel HAVING sum(held) > 0
$$
