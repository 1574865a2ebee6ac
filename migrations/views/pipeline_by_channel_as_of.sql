CREATE FUNCTION warehouse.pipeline_by_channel_as_of(stamp timestamptz) RETURNS TABLE (
    model text, channel text, pipeline numeric, deals bigint, deals_without_rate bigint
)
LANGUAGE sql STABLE AS $$
    SELECT model, channel,
        sum(amount) AS pipeline, sum(deals)::bigint AS deals, sum(unrated)::bigint AS deals_without_rate
    FROM warehouse.credit_total_as_of(stamp) WHERE month IS NULL
    GROUP BY model, channel HAVING sum(held) > 0
$$
