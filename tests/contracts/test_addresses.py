"""E-mail addresses of accounts."""

import pytest

from chassis.errors import Invalid
from contracts.auth.accounts.commands import RegisterPatient

WHOLE = {"password": "quiet-harbour-lantern-27", "name": "Asha Rao"}


def test_address_may_have_a_domain_with_non_ascii_letters() -> None:
    assert RegisterPatient.read({**WHOLE, "email": "asha@bücher.example"}).email == "asha@bücher.example"


@pytest.mark.parametrize("email", ["müller@example.org", "asha", "asha@", "a b@example.org", "asha@example.org\n", ""])
def test_address_is_refused_when_it_can_get_no_mail(email: str) -> None:
    with pytest.raises(Invalid) as refusal:
        RegisterPatient.read({**WHOLE, "email": email})
    assert "email" in refusal.value.facts["errors"]
