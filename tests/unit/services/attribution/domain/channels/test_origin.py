"""Where source and medium come from when several things claim to know."""

import pytest

from services.attribution.domain.channels import ChannelRules, Evidence

RULES = ChannelRules("ga4", own_domains=["acme.com"])

CLICKS = [
    ("gclid", "google", "cpc", "Paid Search"),
    ("gbraid", "google", "cpc", "Paid Search"),
    ("wbraid", "google", "cpc", "Paid Search"),
    ("dclid", "google", "display", "Display"),
    ("msclkid", "bing", "cpc", "Paid Search"),
    ("li_fat_id", "linkedin", "cpc", "Paid Social"),
    ("ttclid", "tiktok", "cpc", "Paid Social"),
    ("twclid", "twitter", "cpc", "Paid Social"),
    ("rdt_cid", "reddit", "cpc", "Paid Social"),
    ("fbclid", "facebook", "social", "Organic Social"),
    ("GCLID", "google", "cpc", "Paid Search"),
    ("ScCid", "snapchat", "cpc", "Paid Social"),
    ("mkt_tok", "marketo", "email", "Email"),
]


@pytest.mark.parametrize(("name", "source", "medium", "channel"), CLICKS)
def test_a_click_id_decides_where_nothing_is_tagged(name: str, source: str, medium: str, channel: str) -> None:
    given = Evidence(click_ids=((name, "abc"),), referrer="https://example.org/")
    in_the_url = Evidence(url=f"https://acme.com/?a=1&{name}=abc#top", referrer="https://example.org/")
    for evidence in (given, in_the_url):
        fact = RULES.classify(evidence)
        assert (fact.source, fact.medium, fact.channel) == (source, medium, channel)


def test_fbclid_is_organic_unless_the_medium_says_paid() -> None:
    organic = Evidence(url="https://acme.com/?fbclid=1")
    paid = Evidence(url="https://acme.com/?fbclid=1&utm_medium=paid_social")
    assert RULES.classify(organic).channel == "Organic Social"
    assert RULES.classify(paid)[:4] == ("Paid Social", "ga4:paid_social", "facebook", "paid_social")


def test_utm_wins_over_a_click_id_which_fills_only_what_is_missing() -> None:
    both = Evidence(source="partner", medium="email", click_ids=(("gclid", "1"),))
    no_medium = Evidence(source="adwords", click_ids=(("gclid", "1"),))
    assert RULES.classify(both)[2:4] == ("partner", "email")
    assert RULES.classify(no_medium)[2:4] == ("adwords", "cpc")


def test_a_paid_click_id_wins_over_fbclid_whatever_their_order() -> None:
    for names in (("gclid", "fbclid"), ("fbclid", "gclid")):
        evidence = Evidence(click_ids=tuple((name, "1") for name in names))
        assert RULES.classify(evidence).source == "google"


def test_an_empty_click_id_proves_nothing() -> None:
    assert RULES.classify(Evidence(click_ids=(("gclid", ""),), url="https://acme.com/?gclid=")).channel == "Direct"


def test_utm_is_read_from_the_page_when_the_event_has_none() -> None:
    url = "https://acme.com/?UTM_Source=Google&utm_medium=cpc&utm_campaign=Q3%20Brand&utm_term=a+b&utm_content=%20x%20"
    assert RULES.classify(Evidence(url=url))[2:] == ("google", "cpc", "Google", "cpc", "Q3 Brand", "a b", "x")
    assert RULES.classify(Evidence(url=url, source="bing", medium="cpc"))[4:7] == ("bing", "cpc", None)


def test_a_nul_hidden_in_a_url_is_left_out_since_no_table_can_hold_it() -> None:
    found = RULES.classify(Evidence(url="https://acme.com/?utm_source=go%00ogle&utm_medium=%00&utm_campaign=%00a%00"))
    assert found[4:7] == ("google", None, "a")


def test_utm_values_keep_their_case_and_lose_only_outer_space_and_the_session_is_in_lower_case() -> None:
    fact = RULES.classify(Evidence(source=" Google ", medium="\tCPC", campaign=" Brand EU "))
    assert fact[:7] == ("Paid Search", "ga4:paid_search", "google", "cpc", "Google", "CPC", "Brand EU")


def test_a_referrer_names_the_source_of_a_link_tagged_only_with_a_medium_but_never_invents_a_medium() -> None:
    google = "https://www.google.com/"
    assert RULES.classify(Evidence(medium="cpc", referrer=google))[2:4] == ("google", "cpc")
    assert RULES.classify(Evidence(source="flyer", referrer=google))[2:4] == ("flyer", "(not set)")


def test_a_campaign_name_alone_is_unassigned_not_direct() -> None:
    assert RULES.classify(Evidence(campaign="spring"))[:4] == ("Unassigned", "unassigned", "(not set)", "(not set)")


def test_a_kind_that_is_not_a_page_brings_its_own_medium() -> None:
    fact = RULES.classify(Evidence(kind="email_click", campaign="May"))
    assert fact[:4] == ("Email", "ga4:email", "(not set)", "email")
    assert fact.campaign == "May"
    assert RULES.classify(Evidence(kind="ad_click", referrer="https://www.linkedin.com/")).channel == "Paid Social"
    assert RULES.classify(Evidence(kind="ad_impression")).channel == "Display"
    assert RULES.classify(Evidence(kind="call")).channel == "Unassigned"
    assert RULES.classify(Evidence(kind="form_submit")).channel == "Direct"
