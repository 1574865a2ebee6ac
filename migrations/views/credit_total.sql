CREATE VIEW warehouse.credit_total AS
SELECT total.model, total.month, origin.channel, origin.source, origin.medium, origin.campaign, total.amount,
    total.sales, total.deals, total.source_deals, total.unrated, total.source_unrated, total.held
FROM attribution.credit_total AS total JOIN attribution.origin USING (origin_id)
