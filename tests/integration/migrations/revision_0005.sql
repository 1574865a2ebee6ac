-- What a small company left in a database of revision 0005: acme's ann and bob, a won deal with a refund, an open deal.
INSERT INTO lifecycle.person (person_id, email, account_key, account_id, stage, stage_since, score, cycle, owner, first_seen_at)
VALUES ('00000000-0000-0000-0000-00000000000a', 'ann@acme.com', 'acme', 'acme', 'customer', '2026-03-20Z', 40, 1, 'eve', '2026-03-01Z'),
    ('00000000-0000-0000-0000-00000000000b', 'bob@acme.com', 'acme', 'acme', 'lead', '2026-03-05Z', 10, 1, NULL, '2026-03-04Z');
INSERT INTO lifecycle.identifier (kind, value, person_id, first_at, first_id, last_at)
VALUES ('email', 'ann@acme.com', '00000000-0000-0000-0000-00000000000a', '2026-03-01Z', 'e1', '2026-03-03Z'),
    ('email', 'bob@acme.com', '00000000-0000-0000-0000-00000000000b', '2026-03-04Z', 'e4', '2026-03-04Z');
INSERT INTO lifecycle.account_alias (key, account_id, domain, name) VALUES ('acme', 'acme', 'acme.com', 'Acme');
INSERT INTO warehouse.fct_stage_transition (transition_id, person_id, cycle, from_stage, to_stage, occurred_at, rule,
    config_version, signal_id, recorded_at)
VALUES ('00000000-0000-0000-0000-000000000101', '00000000-0000-0000-0000-00000000000a', 1, NULL, 'lead', '2026-03-02Z',
    'form', 'v1', 'e2', '2026-03-02Z');
INSERT INTO warehouse.fct_sales_response (person_id, cycle, owner, mql_at, due_at, contacted_at, decided_at, decision, breached,
    business_minutes_to_contact, business_minutes_to_decision)
VALUES ('00000000-0000-0000-0000-00000000000a', 1, 'eve', '2026-03-03Z', '2026-03-04Z', '2026-03-03T01:00Z',
    '2026-03-03T02:00Z', 'accepted', false, 60, 120);

INSERT INTO attribution.person (person_id, version, account_id, account_rule, account_domain, account_name, lead_created_at, keys)
VALUES ('00000000-0000-0000-0000-00000000000a', 3, 'acme', 'explicit', 'acme.com', 'acme', '2026-03-02Z',
        ARRAY['account:acme', 'account:domain:acme.com', 'email:ann@acme.com']),
    ('00000000-0000-0000-0000-00000000000b', 1, 'acme', 'domain', 'acme.com', 'acme', NULL,
        ARRAY['account:acme', 'account:domain:acme.com', 'email:bob@acme.com']);
INSERT INTO attribution.identifier_span (identity, person_id, since, until)
VALUES ('anonymous_id:a1', '00000000-0000-0000-0000-00000000000a', '0001-01-01Z', '9999-12-31T23:59:59.999999Z'),
    ('email:ann@acme.com', '00000000-0000-0000-0000-00000000000a', '0001-01-01Z', '9999-12-31T23:59:59.999999Z'),
    ('email:bob@acme.com', '00000000-0000-0000-0000-00000000000b', '0001-01-01Z', '9999-12-31T23:59:59.999999Z');
INSERT INTO warehouse.fct_touchpoint (touchpoint_id, source, kind, occurred_at, received_at, anonymous_id, email, identity,
    channel, channel_rule, session_source, session_medium, utm_source, utm_medium, url, is_bot, consent, earns_credit, group_call)
VALUES ('00000000-0000-0000-0000-000000000001', 'web', 'page_view', '2026-03-01Z', '2026-03-01Z', 'a1', NULL, 'anonymous_id:a1',
        'Paid Search', 'paid search', 'google', 'cpc', 'google', 'cpc', 'https://acme.example/', false, 'unknown', true, false),
    ('00000000-0000-0000-0000-000000000002', 'web', 'form_submit', '2026-03-02Z', '2026-03-02Z', 'a1', 'ann@acme.com',
        'email:ann@acme.com', 'Direct', 'direct', '(direct)', '(none)', NULL, NULL, NULL, false, 'granted', true, false),
    ('00000000-0000-0000-0000-000000000003', 'web', 'page_view', '2026-03-03Z', '2026-03-03Z', NULL, 'ann@acme.com',
        'email:ann@acme.com', 'Email', 'email', 'hubspot', 'email', 'hubspot', 'email', NULL, false, 'granted', true, false),
    ('00000000-0000-0000-0000-000000000004', 'web', 'page_view', '2026-03-04Z', '2026-03-04Z', NULL, 'bob@acme.com',
        'email:bob@acme.com', 'Email', 'email', 'hubspot', 'email', 'hubspot', 'email', NULL, false, 'unknown', true, false);

INSERT INTO warehouse.fct_deal (deal_id, source, account_id, account_rule, name, type, status, amount, currency, created_at, closed_at,
    updated_at, contacts, version_hash)
VALUES ('d1', 'crm', 'acme', 'explicit', 'Acme', 'new', 'won', 100.00, 'USD', '2026-03-05Z', '2026-03-20Z', '2026-04-02Z', '{}', 'h1'),
    ('d2', 'crm', 'acme', 'explicit', 'More', 'expansion', 'open', 50.00, 'USD', '2026-04-01Z', NULL, '2026-04-01Z', '{}', 'h2');
INSERT INTO attribution.deal (deal_id, touched_until, digest) VALUES ('d1', '2026-03-20Z', 'old'), ('d2', '9999-12-31Z', 'old');
INSERT INTO attribution.deal_version (deal_id, updated_at, version_hash, deal)
VALUES ('d1', '2026-04-02Z', 'h1', '{"deal_id": "d1", "source": "crm", "status": "won", "amount": "100.00", "currency": "USD",
        "created_at": "2026-03-05T00:00:00Z", "closed_at": "2026-03-20T00:00:00Z", "updated_at": "2026-04-02T00:00:00Z",
        "received_at": "2026-04-02T00:00:00Z", "account": {"id": "acme"}, "name": "Acme", "type": "new",
        "refunds": [{"id": "r1", "amount": "30.00", "at": "2026-04-02T00:00:00Z"}]}'),
    ('d2', '2026-04-01Z', 'h2', '{"deal_id": "d2", "source": "crm", "status": "open", "amount": "50.00", "currency": "USD",
        "created_at": "2026-04-01T00:00:00Z", "updated_at": "2026-04-01T00:00:00Z", "received_at": "2026-04-01T00:00:00Z",
        "account": {"id": "acme"}, "name": "More", "type": "expansion"}');
INSERT INTO attribution.deal_key (key, deal_id) VALUES ('account:acme', 'd1'), ('account:acme', 'd2');
INSERT INTO warehouse.attribution_run (reason, started_at, finished_at, model_config, channel_rules_version, deals)
VALUES ('marked', '2026-04-02Z', '2026-04-02Z', '{"models": ["first", "last"]}', 'v1', 2);
INSERT INTO warehouse.fct_deal_entry (entry_id, deal_id, booking, kind, amount, currency, fx_rate, amount_base, occurred_at,
    recorded_at, superseded_at)
VALUES ('00000000-0000-0000-0000-000000000201', 'd1', 1, 'booked', 100.00, 'USD', 1, 100.00, '2026-03-20Z', '2026-03-25Z', NULL),
    ('00000000-0000-0000-0000-000000000202', 'd1', 1, 'refunded', -30.00, 'USD', 1, -30.00, '2026-04-02Z', '2026-04-02Z', NULL),
    ('00000000-0000-0000-0000-000000000203', 'd2', 1, 'pipeline', 50.00, 'USD', 1, 50.00, '2026-04-01Z', '2026-04-01Z', NULL),
    ('00000000-0000-0000-0000-000000000204', 'd1', 1, 'booked', 90.00, 'USD', 1, 90.00, '2026-03-20Z', '2026-03-20Z', '2026-03-25Z');
INSERT INTO warehouse.fct_credit (model, deal_id, entry_id, touchpoint_id, channel, position, weight, amount_base, run_id, recorded_at,
    superseded_at)
SELECT model, deal_id, entry.entry_id, touch.touchpoint_id, channel, position, 1, amount_base, 1, entry.recorded_at,
    entry.superseded_at
FROM warehouse.fct_deal_entry AS entry JOIN (VALUES ('first', 'first', '00000000-0000-0000-0000-000000000001'::uuid),
    ('last', 'closed', '00000000-0000-0000-0000-000000000004')) AS by (model, position, touchpoint_id) ON true
JOIN warehouse.fct_touchpoint AS touch USING (touchpoint_id);
INSERT INTO warehouse.fct_spend (day, source, medium, campaign, channel, cost, currency, cost_base, updated_at)
VALUES ('2026-03-01', 'google', 'cpc', 'brand', 'Paid Search', 12.50, 'USD', 12.50, '2026-03-02Z');
