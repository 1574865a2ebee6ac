"""Users' own rules: they come first, they are checked, and their hash says when they changed."""

import pytest

from services.attribution.domain.channels import ChannelRules, ChannelRulesError, Evidence, channel_rules

OLIST_RULES = [
    {"channel": "Organic Search", "source": "organic_search"},
    {"channel": "Paid Search", "source": "paid_search"},
    {"channel": "Organic Social", "source": "social"},
    {"channel": "Email", "source": "email"},
    {"channel": "Referral", "source": "referral"},
    {"channel": "Display", "source": "display"},
    {"channel": "Direct", "source": "direct_traffic"},
]
OLIST_ORIGINS = [
    ("organic_search", "Organic Search"),
    ("paid_search", "Paid Search"),
    ("social", "Organic Social"),
    ("email", "Email"),
    ("referral", "Referral"),
    ("display", "Display"),
    ("direct_traffic", "Direct"),
    ("unknown", "Unassigned"),
    ("other", "Unassigned"),
    ("other_publicities", "Unassigned"),
    ("(not set)", "Unassigned"),
]


@pytest.mark.parametrize(("origin", "channel"), OLIST_ORIGINS)
def test_origins_of_a_crm_export_are_what_they_say_and_unknown_ones_are_not_direct(origin: str, channel: str) -> None:
    rules = channel_rules({"preset": "b2b", "rules": OLIST_RULES})
    for kind in ("form_submit", "page_view", "custom:first_contact"):
        assert rules.classify(Evidence(kind=kind, source=origin)).channel == channel


def test_users_rules_come_first_and_the_first_match_decides() -> None:
    rules = ChannelRules(
        rules=[
            {"channel": "Brand", "source": ["google", "bing"], "campaign_matches": "brand"},
            {"channel": "Brand 2", "campaign_matches": "brand"},
        ]
    )
    assert rules.classify(Evidence(source="Google", medium="cpc", campaign="EU BRAND"))[:2] == ("Brand", "config:1")
    assert rules.classify(Evidence(source="x", campaign="brand"))[:2] == ("Brand 2", "config:2")
    assert rules.classify(Evidence(source="google", medium="cpc")).rule == "ga4:paid_search"
    assert "Brand" in rules.channels


CONDITIONS = [
    ({"kind": "chat"}, Evidence(kind="chat"), Evidence()),
    ({"kind_matches": "^custom:"}, Evidence(kind="custom:x"), Evidence()),
    ({"term": "CRM"}, Evidence(source="a", term="crm"), Evidence(source="a", term="crms")),
    ({"content_matches": "hero"}, Evidence(source="a", content="the-Hero"), Evidence(source="a")),
    ({"source_in": ["video", "social"]}, Evidence(source="YouTube"), Evidence(source="google")),
    ({"referrer": "wiki.org"}, Evidence(referrer="https://en.wiki.org/"), Evidence(referrer="https://mywiki.org/")),
    ({"referrer_matches": "wiki"}, Evidence(referrer="https://en.wiki.org/"), Evidence()),
    ({"referrer_in": "webmail"}, Evidence(referrer="https://mail.google.com/"), Evidence()),
    ({"click_id": "gclid"}, Evidence(url="https://a.com/?gclid=1"), Evidence(url="https://a.com/?fbclid=1")),
    ({"tagged": False}, Evidence(kind="call"), Evidence(kind="call", source="x")),
]


@pytest.mark.parametrize(("row", "holds", "fails"), CONDITIONS)
def test_each_condition_holds_for_what_it_says(row: dict[str, object], holds: Evidence, fails: Evidence) -> None:
    rules = ChannelRules(rules=[{"channel": "Mine", **row}])
    assert rules.classify(holds).channel == "Mine"
    assert rules.classify(fails).channel != "Mine"


MISTAKES = [
    ({"preset": "ga3"}, "channels.preset"),
    ({"presets": "b2b"}, "channels.presets"),
    ({"own_domains": "acme.com"}, "channels.own_domains"),
    ({"own_domains": ["acme.com", ""]}, "channels.own_domains.1"),
    ({"own_domains": [7]}, "channels.own_domains.0"),
    ({"rules": {"channel": "X"}}, "channels.rules"),
    ({"rules": ["X"]}, "channels.rules.0"),
    ({"rules": [{"source": "x"}]}, "channels.rules.0.channel"),
    ({"rules": [{"channel": "X"}]}, "channels.rules.0:"),
    ({"rules": [{"channel": "Unattributed", "source": "x"}]}, "channels.rules.0.channel"),
    ({"rules": [{"channel": "X", "sorce": "x"}]}, "channels.rules.0.sorce"),
    ({"rules": [{"channel": "X", "source": 3}]}, "channels.rules.0.source"),
    ({"rules": [{"channel": "X", "source": []}]}, "channels.rules.0.source"),
    ({"rules": [{"channel": "X", "medium_matches": "("}]}, "channels.rules.0.medium_matches"),
    ({"rules": [{"channel": "X", "source_in": "serach"}]}, "channels.rules.0.source_in"),
    ({"rules": [{"channel": "X", "tagged": "no"}]}, "channels.rules.0.tagged"),
]


@pytest.mark.parametrize(("settings", "key"), MISTAKES)
def test_a_mistake_is_refused_and_the_message_names_the_key(settings: dict[str, object], key: str) -> None:
    with pytest.raises(ChannelRulesError) as refused:
        channel_rules(settings)
    assert str(refused.value).startswith(key)


def test_the_version_is_stable_and_changes_with_anything_that_could_change_a_channel() -> None:
    row = {"channel": "Mine", "source": "x"}
    versions = [
        ChannelRules().version,
        ChannelRules("ga4").version,
        ChannelRules(own_domains=["acme.com"]).version,
        ChannelRules(rules=[row]).version,
        ChannelRules(rules=[row | {"channel": "Yours"}]).version,
    ]
    assert len(set(versions)) == len(versions)
    assert ChannelRules().version == versions[0]
    assert ChannelRules(own_domains=["b.com", "a.com"]).version == ChannelRules(own_domains=["a.com", "b.com"]).version
