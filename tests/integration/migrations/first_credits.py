"""The ledger and the credits of a database of the first version (revision 0005), of any size.

Every deal has $2 touches. It was credited at FIRST; at SECOND a touch turned up that took the place of another, some
deals were amended, some given back. Some have no rate, some are open.
"""

from collections.abc import Iterator

FIRST, SECOND = "2026-05-01 10:00+00", "2026-06-01 10:00+00"

_STATEMENTS = (
    f"""
    INSERT INTO warehouse.attribution_run
        (reason, started_at, finished_at, model_config, channel_rules_version, deals)
    VALUES ('marked', '{FIRST}', '{FIRST}', '{{}}', 'v', 1), ('fit: no run yet', '{FIRST}', '{FIRST}', '{{}}', 'v', 1),
        ('marked', '{SECOND}', '{SECOND}', '{{}}', 'v', 1)""",
    """
    INSERT INTO warehouse.fct_touchpoint (touchpoint_id, source, kind, occurred_at, received_at, identity, channel,
        channel_rule, session_source, session_medium, utm_campaign, is_bot, consent, earns_credit, group_call)
    SELECT md5(d || '/' || k)::uuid, 'web', 'page_view', timestamptz '2026-03-01' + k * interval '1 hour', now(),
        'email:p' || d, (ARRAY['Email', 'Direct', 'Paid Search'])[1 + k % 3], 'r',
        (ARRAY['news', '(direct)', 'google'])[1 + k % 3], 'm', CASE WHEN k % 4 > 0 THEN 'c' || k % 4 END,
        false, 'unknown', true, false
    FROM generate_series(1, $1::int) AS d, generate_series(1, $2::int) AS k""",
    f"""
    INSERT INTO warehouse.fct_deal (deal_id, source, type, status, amount, currency, created_at, updated_at, contacts,
        version_hash)
    SELECT deal_id, 'crm', 'new', 'won', 100, 'USD', '{FIRST}', '{FIRST}', '{{}}', deal_id
    FROM (SELECT 'd' || d FROM generate_series(1, $1::int) AS d UNION ALL SELECT 'none') AS deal (deal_id)""",
    f"""
    INSERT INTO warehouse.fct_deal_entry (entry_id, deal_id, booking, kind, amount, currency, fx_rate, amount_base,
        occurred_at, recorded_at, superseded_at)
    SELECT md5(d || kind)::uuid, 'd' || d, 1, kind, amount, 'USD', 1, CASE WHEN d % 7 > 0 THEN amount END,
        occurred_at::timestamptz, recorded_at::timestamptz, superseded_at::timestamptz
    FROM generate_series(1, $1::int) AS d, LATERAL (VALUES
        (CASE d % 5 WHEN 0 THEN 'pipeline' ELSE 'booked' END, 100.01 + d, '2026-04-10', '{FIRST}', NULL),
        ('amended', 20.00, '2026-05-10', CASE WHEN d % 3 = 0 THEN '{SECOND}' END, NULL),
        ('reopened', -100.01 - d, '2026-05-20', CASE WHEN d % 4 = 0 THEN '{SECOND}' END, NULL),
        ('refunded', -1.00, '2026-04-20', CASE WHEN d % 6 = 1 THEN '{FIRST}' END, '{SECOND}')
    ) AS line (kind, amount, occurred_at, recorded_at, superseded_at)
    WHERE recorded_at IS NOT NULL AND (kind = 'pipeline' OR kind = 'booked' OR d % 5 > 0)""",
    f"""
    INSERT INTO warehouse.fct_credit (model, deal_id, entry_id, touchpoint_id, channel, position, weight, amount_base,
        run_id, recorded_at, superseded_at)
    SELECT model, deal_id, entry_id, touchpoint_id, channel, position, weight, CASE model WHEN 'linear' THEN
            trunc(amount_base / $2, 2) + CASE k WHEN 1 THEN amount_base - $2 * trunc(amount_base / $2, 2) ELSE 0 END
        ELSE amount_base END, run_id, recorded_at, coalesce(gone, superseded_at)
    FROM (
        SELECT model, entry.*, touchpoint_id, channel, weight, k, gone, nth AS run_id,
            CASE k WHEN 1 THEN 'first' WHEN 2 THEN 'lead_created+opportunity_created' WHEN $2 THEN 'closed'
            ELSE 'middle' END AS position, greatest(entry.recorded_at, since) AS at
        FROM (VALUES ('linear', NULL, 1, timestamptz '{FIRST}', NULL), ('last', $2, 1, '{FIRST}', NULL),
            ('first', 1, 1, '{FIRST}', timestamptz '{SECOND}'), ('first', 2, 3, '{SECOND}', NULL),
            ('markov', 2, 2, '{FIRST}', NULL)) AS given (model, sole, nth, since, gone),
            generate_series(1, $2::int) AS k, warehouse.fct_deal_entry AS entry,
            LATERAL (SELECT CASE WHEN sole IS NULL THEN 1.0 / $2 ELSE 1 END AS weight) AS share,
            warehouse.fct_touchpoint AS touch
        WHERE (sole IS NULL OR sole = k) AND touch.touchpoint_id = md5(substr(entry.deal_id, 2) || '/' || k)::uuid
            AND (gone IS NULL OR entry.recorded_at < gone) AND (entry.superseded_at IS NULL OR since < superseded_at)
    ) AS made (model, entry_id, deal_id, booking, kind, amount, currency, fx_rate, amount_base, occurred_at, entered_at,
        superseded_at, touchpoint_id, channel, weight, k, gone, run_id, position, recorded_at)""",
    f"""
    INSERT INTO warehouse.fct_credit (model, deal_id, entry_id, channel, position, weight, amount_base, run_id,
        recorded_at)
    SELECT 'linear', 'none', md5('none')::uuid, 'Unattributed', 'unattributed', 1, 7.00, 1, '{FIRST}'""",
    f"""
    INSERT INTO warehouse.fct_deal_entry (entry_id, deal_id, booking, kind, amount, currency, fx_rate, amount_base,
        occurred_at, recorded_at)
    SELECT md5('none')::uuid, 'none', 1, 'booked', 7, 'USD', 1, 7.00, '2026-04-10', '{FIRST}'""",
)


def statements(deals: int, touches: int) -> Iterator[str]:
    """What makes so many deals with so many touches each."""
    for statement in _STATEMENTS:
        yield statement.replace("$1", str(deals)).replace("$2", str(touches))
