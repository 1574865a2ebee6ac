"""The companies a person belonged to, and when: what lifecycle says, and always the company of their own email."""

from shared.accounts import email_domain
from shared.events.person import Membership, Person


def memberships(person: Person) -> tuple[Membership, ...]:
    """What the event says of companies in time. One that says only the company of now has it for all time."""
    if person.memberships or person.account is None:
        return person.memberships
    account = person.account
    return (Membership(account.account_id, account.rule, account.domain, account.name),)


def email_domains(person: Person) -> set[str]:
    """The company domains of the person's own emails; free mail has none."""
    emails = [span.value for span in person.identifiers if span.kind == "email"]
    return {domain for email in emails if (domain := email_domain(email))}
