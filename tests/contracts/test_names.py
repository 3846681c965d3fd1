"""Which names and passwords an account can have."""

import pytest

from chassis.contract import Command
from chassis.errors import Invalid
from contracts.auth.accounts.administration import UpdateUser
from contracts.auth.accounts.commands import ChangePassword, RegisterPatient, ResetPassword, UpdateMe

WHOLE = {"email": "asha@example.org", "password": "quiet-harbour-lantern-27", "name": "Asha Rao"}
TOO_LONG = "a" * 1_000_000


def messages(field: str, value: str) -> list[str]:
    """What is said against a field; nothing where it is taken."""
    try:
        RegisterPatient.read({**WHOLE, field: value})
    except Invalid as refused:
        found: list[str] = refused.facts["errors"][field]
        return found
    return []


@pytest.mark.parametrize("name", ["", " ", "\u00a0", "\u2003\u3000 ", "a\nb", "\u202eabc", "a" * 201])
def test_a_name_that_says_nothing_or_deceives_is_refused(name: str) -> None:
    assert len(messages("name", name)) == 1


@pytest.mark.parametrize("name", ["A", "Zoë O\u2019Brien", "\u674e\u660e", "-", "a" * 200])
def test_any_other_name_is_taken(name: str) -> None:
    assert messages("name", name) == []


@pytest.mark.parametrize("command", [UpdateMe, UpdateUser])
def test_nobody_is_given_a_blank_name_later(command: type[Command]) -> None:
    with pytest.raises(Invalid) as refused:
        command.read({"name": "\u00a0"})
    assert "name" in refused.value.facts["errors"]


@pytest.mark.parametrize("field", ["email", "name"])
def test_of_what_is_too_long_nothing_else_is_looked_at(field: str) -> None:
    """A pattern takes a quarter of a second over a megabyte, from anybody."""
    assert len(messages(field, TOO_LONG + "\n@")) == 1
    assert "ength" in messages(field, TOO_LONG + "\n@")[0]


@pytest.mark.parametrize(("length", "is_taken"), [(11, False), (12, True), (128, True), (129, False)])
@pytest.mark.parametrize(
    ("command", "more"),
    [(RegisterPatient, WHOLE), (ResetPassword, {"token": "t"}), (ChangePassword, {"current_password": "x"})],
)
def test_a_new_password_has_12_to_128_characters_of_any_kind(
    command: type[Command],
    more: dict[str, str],
    length: int,
    is_taken: bool,  # noqa: FBT001  a case of the table
) -> None:
    password = ("\u00e9 \U0001f600a" * 50)[:length]
    try:
        assert command.read({**more, "password": password}).password == password
    except Invalid as refused:
        assert (is_taken, list(refused.facts["errors"])) == (False, ["password"])  # noqa: PT017
    else:
        assert is_taken
