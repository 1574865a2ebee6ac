"""Google's default channel group, row by row, as tagged traffic and as untagged."""

import pytest

from services.attribution.domain.channels import ChannelRules, Evidence

GA4 = ChannelRules("ga4", own_domains=["acme.com"])

TAGGED = [
    # source, medium, campaign -> channel
    ("(direct)", "(none)", None, "Direct"),
    ("(direct)", "(not set)", None, "Direct"),
    ("(direct)", None, None, "Direct"),
    ("google", "cpc", "q3 Cross-Network test", "Cross-network"),
    ("amazon", "cpc", None, "Paid Shopping"),
    ("ebay.de", "paid", None, "Paid Shopping"),
    ("google", "cpc", "summer shop", "Paid Shopping"),
    ("google", "cpc", "eshop sale", "Paid Shopping"),
    ("google", "cpc", "Shopping-DE", "Paid Shopping"),
    ("google", "cpc", "workshop", "Paid Search"),
    ("google", "cpc", None, "Paid Search"),
    ("bing", "ppc", None, "Paid Search"),
    ("google", "retargeting", None, "Paid Search"),
    ("Google", "CPC", None, "Paid Search"),
    ("www.google.com", "paidsearch", None, "Paid Search"),
    ("google", "cpm", None, "Paid Search"),
    ("facebook", "paid_social", None, "Paid Social"),
    ("fb", "paid", None, "Paid Social"),
    ("l.facebook.com", "cpc", None, "Paid Social"),
    ("LinkedIn", "cpm", None, "Paid Social"),
    ("youtube", "cpc", None, "Paid Video"),
    ("vimeo.com", "paid-video", None, "Paid Video"),
    ("dv360", "cpm", None, "Display"),
    ("dv360", "display", None, "Display"),
    ("dv360", "Banner", None, "Display"),
    ("dv360", "expandable", None, "Display"),
    ("dv360", "interstitial", None, "Display"),
    ("capterra", "cpc", None, "Paid Other"),
    ("taboola", "ppc", None, "Paid Other"),
    ("x-network", "ppc2", None, "Unassigned"),
    ("amazon", "referral", None, "Organic Shopping"),
    ("newsletter", "email", "shop opening", "Organic Shopping"),
    ("linkedin", None, None, "Organic Social"),
    ("facebook.com", "referral", None, "Organic Social"),
    ("agency", "social", None, "Organic Social"),
    ("agency", "social-network", None, "Organic Social"),
    ("agency", "social-media", None, "Organic Social"),
    ("agency", "sm", None, "Organic Social"),
    ("agency", "Social Network", None, "Organic Social"),
    ("agency", "social media", None, "Organic Social"),
    ("youtube", "referral", None, "Organic Video"),
    ("agency", "video", None, "Organic Video"),
    ("agency", "promo-video-1", None, "Organic Video"),
    ("google", None, None, "Organic Search"),
    ("agency", "organic", None, "Organic Search"),
    ("example.org", "referral", None, "Referral"),
    ("example.org", "app", None, "Referral"),
    ("example.org", "link", None, "Referral"),
    ("email", None, None, "Email"),
    ("hubspot", "email", None, "Email"),
    ("hubspot", "e-mail", None, "Email"),
    ("hubspot", "e_mail", None, "Email"),
    ("hubspot", "e mail", None, "Email"),
    ("e-mail", "newsletter", None, "Email"),
    ("hubspot", "email-blast", None, "Unassigned"),
    ("blog", "affiliate", None, "Affiliates"),
    ("podcast", "audio", None, "Audio"),
    ("sms", None, None, "SMS"),
    ("twilio", "SMS", None, "SMS"),
    ("app", "web-push", None, "Mobile Push Notifications"),
    ("app", "mobile", None, "Mobile Push Notifications"),
    ("app", "in-app notification", None, "Mobile Push Notifications"),
    ("firebase", None, None, "Mobile Push Notifications"),
    ("chatgpt.com", "ai-assistant", None, "AI Assistant"),
    ("chatgpt.com", None, None, "Unassigned"),
    ("agency", "brochure", None, "Unassigned"),
    ("(not set)", None, None, "Unassigned"),
    ("direct", None, None, "Unassigned"),
]


@pytest.mark.parametrize(("source", "medium", "campaign", "channel"), TAGGED)
def test_a_tagged_touch_falls_in_googles_group(
    source: str, medium: str | None, campaign: str | None, channel: str
) -> None:
    assert GA4.classify(Evidence(source=source, medium=medium, campaign=campaign)).channel == channel


UNTAGGED = [
    # referrer -> source, medium, channel
    (None, "(direct)", "(none)", "Direct"),
    ("", "(direct)", "(none)", "Direct"),
    ("https://www.google.com/", "google", "organic", "Organic Search"),
    ("https://www.google.co.uk/search?q=crm", "google", "organic", "Organic Search"),
    ("https://news.google.de/", "google", "organic", "Organic Search"),
    ("https://uk.search.yahoo.com/x", "yahoo", "organic", "Organic Search"),
    ("android-app://com.google.android.googlequicksearchbox/", "google", "organic", "Organic Search"),
    ("https://yandex.kz/", "yandex", "organic", "Organic Search"),
    ("https://duckduckgo.com", "duckduckgo", "organic", "Organic Search"),
    ("https://L.Facebook.com/l.php?u=x", "facebook", "social", "Organic Social"),
    ("https://lnkd.in/x", "linkedin", "social", "Organic Social"),
    ("https://t.co/x", "twitter", "social", "Organic Social"),
    ("https://www.youtube.com/watch?v=1", "youtube", "referral", "Organic Video"),
    ("https://www.amazon.co.jp/", "amazon", "referral", "Organic Shopping"),
    ("https://chatgpt.com/", "chatgpt", "ai-assistant", "AI Assistant"),
    ("https://gemini.google.com/app", "gemini", "ai-assistant", "AI Assistant"),
    ("https://www.perplexity.ai/search", "perplexity", "ai-assistant", "AI Assistant"),
    ("https://claude.ai/chat", "claude", "ai-assistant", "AI Assistant"),
    ("https://mail.google.com/", "gmail", "email", "Email"),
    ("https://docs.google.com/d/1", "docs.google.com", "referral", "Referral"),
    ("https://google.evil.com/", "google.evil.com", "referral", "Referral"),
    ("https://notgoogle.com/", "notgoogle.com", "referral", "Referral"),
    ("https://www.example.org:8080/x", "example.org", "referral", "Referral"),
    ("example.org/page", "example.org", "referral", "Referral"),
    ("https://acme.com/pricing", "(direct)", "(none)", "Direct"),
    ("https://blog.ACME.com/", "(direct)", "(none)", "Direct"),
    ("https://acme.com.evil.org/", "acme.com.evil.org", "referral", "Referral"),
    ("https://accounts.google.com/", "(direct)", "(none)", "Direct"),
    ("https://checkout.stripe.com/c", "(direct)", "(none)", "Direct"),
]


@pytest.mark.parametrize(("referrer", "source", "medium", "channel"), UNTAGGED)
def test_an_untagged_visit_is_told_by_its_referrer(
    referrer: str | None, source: str, medium: str, channel: str
) -> None:
    fact = GA4.classify(Evidence(referrer=referrer))
    assert (fact.source, fact.medium, fact.channel) == (source, medium, channel)


def test_a_referrer_on_the_pages_own_domain_is_no_referrer() -> None:
    inside = Evidence(url="https://app.other.co.uk/x", referrer="https://www.other.co.uk/")
    neighbour = Evidence(url="https://one.github.io/x", referrer="https://two.github.io/")
    assert GA4.classify(inside).channel == "Direct"
    assert GA4.classify(neighbour).channel == "Referral"


def test_an_assistants_referrer_decides_only_when_nothing_tagged_does() -> None:
    assistant = "https://chatgpt.com/"
    assert GA4.classify(Evidence(source="chatgpt.com", referrer=assistant)).channel == "AI Assistant"
    assert GA4.classify(Evidence(source="hubspot", medium="email", referrer=assistant)).channel == "Email"


def test_the_rule_that_decided_is_named() -> None:
    assert GA4.classify(Evidence(source="google", medium="cpc")).rule == "ga4:paid_search"
    assert GA4.classify(Evidence(source="sheet", medium="odd")).rule == "unassigned"
