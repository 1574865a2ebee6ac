"""The channels B2B teams add to Google's, and which kinds earn credit."""

import pytest

from services.attribution.domain.channels import (
    CREDITED_KINDS,
    UNCREDITED_KINDS,
    ChannelRules,
    Classifier,
    EarningKinds,
    Evidence,
)
from services.attribution.domain.channels.kinds import KIND_MEDIUM
from shared.events.touchpoint import IDENTITY_KINDS, KINDS

B2B = ChannelRules("b2b")

ROWS = [
    (Evidence(kind="retargeting_hit"), "Retargeting"),
    (Evidence(kind="retargeting_hit", source="google", medium="cpc"), "Retargeting"),
    (Evidence(source="google", medium="retargeting"), "Retargeting"),
    (Evidence(source="adroll", medium="display-remarketing"), "Retargeting"),
    (Evidence(source="linkedin", medium="cpc", campaign="Retargeting Q3"), "Retargeting"),
    (Evidence(source="gdn", medium="display", campaign="remarketing"), "Retargeting"),
    (Evidence(source="hubspot", medium="email", campaign="retargeting guide"), "Email"),
    (Evidence(source="newsletter", medium="email"), "Nurture"),
    (Evidence(source="hubspot", medium="email", campaign="Nurture-3"), "Nurture"),
    (Evidence(source="hubspot", medium="email-nurture"), "Nurture"),
    (Evidence(source="hubspot", medium="Drip"), "Nurture"),
    (Evidence(source="email", campaign="onboarding_2"), "Nurture"),
    (Evidence(source="newsletter"), "Nurture"),
    (Evidence(source="techcrunch", medium="paid-newsletter"), "Paid Other"),
    (Evidence(kind="email_open", campaign="May newsletter"), "Nurture"),
    (Evidence(kind="email_click"), "Email"),
    (Evidence(kind="email_click", source="crm", medium="crm"), "Email"),
    (Evidence(kind="email_sent"), "Email"),
    (Evidence(source="hubspot", medium="email", campaign="launch"), "Email"),
    (Evidence(kind="review"), "Reviews"),
    (Evidence(referrer="https://www.g2.com/products/acme"), "Reviews"),
    (Evidence(referrer="https://www.capterra.co.uk/p/1"), "Reviews"),
    (Evidence(source="TrustRadius", medium="referral"), "Reviews"),
    (Evidence(source="capterra", medium="ppc"), "Reviews"),
    (Evidence(kind="event_attended"), "Events"),
    (Evidence(kind="event_attended", source="hubspot", medium="email"), "Events"),
    (Evidence(source="saastr", medium="event"), "Events"),
    (Evidence(source="zoom", medium="Webinar"), "Events"),
    (Evidence(source="saastr", medium="trade-show"), "Events"),
    (Evidence(kind="call"), "Sales outreach"),
    (Evidence(kind="meeting"), "Sales outreach"),
    (Evidence(kind="call", campaign="Q3 dialing"), "Sales outreach"),
    (Evidence(kind="meeting", source="google", medium="cpc"), "Paid Search"),
    (Evidence(source="outreach.io", medium="sdr"), "Sales outreach"),
    (Evidence(source="outreach.io", medium="outbound"), "Sales outreach"),
    (Evidence(kind="email_click", medium="sales-email"), "Sales outreach"),
    (Evidence(kind="referral"), "Partner"),
    (Evidence(source="accenture", medium="partner"), "Partner"),
    (Evidence(source="accenture", medium="channel-partner"), "Partner"),
    (Evidence(source="blog", medium="affiliate"), "Affiliates"),
    (Evidence(source="chatgpt.com"), "AI Assistant"),
    (Evidence(source="chatgpt.com", medium="cpc"), "Paid Other"),
    (Evidence(kind="chat"), "Direct"),
    (Evidence(kind="custom:trial_started"), "Direct"),
    (Evidence(source="google", medium="cpc"), "Paid Search"),
]


@pytest.mark.parametrize(("evidence", "channel"), ROWS)
def test_b2b_rows_come_before_googles(evidence: Evidence, channel: str) -> None:
    assert B2B.classify(evidence).channel == channel


def test_every_native_kind_either_earns_credit_or_says_why_not() -> None:
    assert not CREDITED_KINDS & UNCREDITED_KINDS.keys()
    assert CREDITED_KINDS | UNCREDITED_KINDS.keys() == KINDS
    assert KIND_MEDIUM.keys() <= KINDS


def test_what_the_sender_did_alone_earns_nothing() -> None:
    kinds = EarningKinds()
    alone = ("email_sent", "email_delivered", "email_bounce", "ad_impression", *IDENTITY_KINDS)
    assert not any(kinds.earn(kind, has_origin) for kind in alone for has_origin in (True, False))
    assert all(kinds.earn(kind, has_origin=False) for kind in ("email_click", "retargeting_hit", "review"))


@pytest.mark.parametrize("kind", ["identify", "page_view", "email_opened", "trial"])
def test_only_a_kind_that_would_not_earn_anyway_can_be_made_to_earn(kind: str) -> None:
    with pytest.raises(ValueError, match=kind):
        EarningKinds([kind])


def test_the_version_of_a_classification_changes_with_the_rules_and_with_the_kinds_that_earn() -> None:
    rules, kinds = ChannelRules("b2b"), EarningKinds()
    versions = {
        Classifier(rules, kinds).version,
        Classifier(ChannelRules("ga4"), kinds).version,
        Classifier(rules, EarningKinds(["custom:trial"])).version,
    }
    assert len(versions) == 3
    assert Classifier(ChannelRules("b2b"), EarningKinds()).version in versions
