CREATE VIEW warehouse.vanity_metrics AS
SELECT channel, month, coalesce(viewed.pageviews, 0) AS pageviews, coalesce(viewed.visitors, 0) AS visitors,
    coalesce(won.leads, 0) AS leads
FROM (SELECT month, channel, pageviews, visitors FROM attribution.reach WHERE pageviews > 0) AS viewed
FULL JOIN (SELECT month, channel, count(*) AS leads FROM attribution.lead_origin GROUP BY month, channel) AS won
    USING (month, channel)
