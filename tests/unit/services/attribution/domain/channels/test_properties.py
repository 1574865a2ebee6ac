"""Whatever arrives gets one known channel, and always the same one."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.channels import ChannelRules, Evidence
from services.attribution.domain.channels.click_ids import CLICK_IDS
from services.attribution.domain.channels.hosts import host_of
from shared.events.touchpoint import KINDS

RULES = ChannelRules(own_domains=["acme.com"])

words = st.sampled_from(["google", "email", "cpc", "cpm", "social", "(not set)", "(direct)", "shop", "nurture", " "])
values = st.none() | words | st.text(max_size=30)
urls = st.none() | st.text(max_size=60) | st.builds("https://{}/?utm_source={}&gclid={}".format, values, values, values)
evidence = st.builds(
    Evidence,
    kind=st.sampled_from(sorted(KINDS)) | st.text(max_size=20),
    source=values,
    medium=values,
    campaign=values,
    term=values,
    content=values,
    click_ids=st.lists(st.tuples(st.sampled_from(sorted(CLICK_IDS)) | st.text(max_size=8), st.text())).map(tuple),
    referrer=urls,
    url=urls,
)


@given(evidence)
def test_every_touch_has_one_known_channel_and_a_source_and_medium(touch: Evidence) -> None:
    fact = RULES.classify(touch)
    assert fact.channel in RULES.channels
    assert fact.rule
    assert fact.source.strip()
    assert fact.medium.strip()


@given(evidence)
def test_the_answer_depends_on_nothing_but_the_evidence_and_the_rules(touch: Evidence) -> None:
    assert RULES.classify(touch) == ChannelRules(own_domains=["acme.com"]).classify(touch)


@given(evidence)
def test_case_and_outer_space_change_no_channel(touch: Evidence) -> None:
    def shout(value: str | None) -> str | None:
        # Only ASCII: upper-casing some letters (ß, ı) cannot be undone by lower-casing.
        return f" {value.upper()} " if value and value.isascii() else value

    fields = ("source", "medium", "campaign", "term", "content")
    loud = msgspec.structs.replace(touch, **{field: shout(getattr(touch, field)) for field in fields})
    assert RULES.classify(loud)[:2] == RULES.classify(touch)[:2]


@given(st.text())
def test_any_text_has_a_host_or_none_and_never_fails(text: str) -> None:
    assert host_of(text) == host_of(text).lower()
