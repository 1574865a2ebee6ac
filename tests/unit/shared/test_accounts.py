"""What names a company."""

import pytest

from shared.accounts import account_key, email_domain, normalise_domain, normalise_name


@pytest.mark.parametrize(
    ("given", "domain"),
    [
        ("acme.com", "acme.com"),
        ("WWW.Acme.com", "acme.com"),
        ("https://www.shop.acme.co.uk/path?x=1", "acme.co.uk"),
        ("//acme.com:8080", "acme.com"),
        ("mailto:ann@acme.com", "acme.com"),
        ("acme.test", "acme.test"),
        ("eu.mail.acme.test", "acme.test"),
        ("one.myshopify.com", "one.myshopify.com"),
        ("acme.com.", "acme.com"),
        ("127.0.0.1", None),
        ("localhost", None),
        ("co.uk", None),
        ("not a domain.com", None),
        ("", None),
        (None, None),
    ],
)
def test_a_domain_is_the_part_somebody_registered(given: str | None, domain: str | None) -> None:
    assert normalise_domain(given) == domain


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("ann@acme.com", "acme.com"),
        ("ann@eu.acme.com", "acme.com"),
        ("ann@gmail.com", None),
        ("ann@yahoo.co.uk", None),
        ("no address", None),
        (None, None),
    ],
)
def test_an_email_names_a_company_unless_it_is_free_mail(email: str | None, domain: str | None) -> None:
    assert email_domain(email) == domain


@pytest.mark.parametrize(
    ("name", "normalised"),
    [
        ("ACME, Inc.", "acme"),
        ("Acme  inc", "acme"),
        ("Müller & Söhne GmbH", "müller söhne"),
        ("Wendy's Co., Ltd.", "wendys"),
        ("S.A.", "sa"),
        ("  ", None),
        (None, None),
    ],
)
def test_a_company_name_is_compared_without_case_punctuation_and_legal_form(
    name: str | None, normalised: str | None
) -> None:
    assert normalise_name(name) == normalised


def test_the_key_of_an_account_is_its_id_then_its_domain_then_its_name() -> None:
    assert account_key("A-1", "acme.com", "Acme") == "A-1"
    assert account_key(None, "https://acme.com", "Acme") == "domain:acme.com"
    assert account_key(None, "gmail.com", "Acme Inc") == "name:acme"
    assert account_key(" ", None, None) is None
