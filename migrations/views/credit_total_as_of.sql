CREATE FUNCTION warehouse.credit_total_as_of(stamp timestamptz) RETURNS TABLE (
    model text, month date, channel text, source text, medium text, campaign text, amount numeric, sales numeric,
    deals numeric, source_deals numeric, unrated numeric, source_unrated numeric, held numeric
)
LANGUAGE sql STABLE AS $$
    -- Most ask for a recent moment: what came after it is taken off what stands.
    SELECT model, month, channel, source, medium, campaign, sum(amount), sum(sales), sum(deals), sum(source_deals),
        sum(unrated), sum(source_unrated), sum(held)
    FROM (
        SELECT model, month, channel, source, medium, campaign, amount, sales, deals, source_deals, unrated,
            source_unrated, held
        FROM warehouse.credit_total
        UNION ALL
        SELECT model, month, channel, source, medium, campaign, -amount, -sales, -deals, -source_deals, -unrated,
            -source_unrated, -held
        FROM warehouse.credit_change WHERE recorded_at > stamp
    ) AS lines
    GROUP BY model, month, channel, source, medium, campaign HAVING sum(held) > 0
$$
