"""Names and passwords of accounts."""

import pytest

from chassis.contract import Command
from chassis.errors import Invalid
from contracts.auth.accounts.administration import UpdateUser
from contracts.auth.accounts.commands import ChangePassword, RegisterPatient, ResetPassword, UpdateMe

WHOLE = {"email": "asha@example.org", "password": "quiet-harbour-lantern-27", "name": "Asha Rao"}
TOO_LONG = "a" * 1_000_000


def messages(field: str, value: str) -> list[str]:
    """The validation messages of a field."""
    try:
        RegisterPatient.read({**WHOLE, field: value})
    except Invalid as refused:
        found: list[str] = refused.facts["errors"][field]
        return found
    return []


@pytest.mark.parametrize("name", ["", " ", "\u00a0", "\u2003\u3000 ", "a\nb", "\u202eabc", "a" * 201])
def test_name_is_refused_when_blank_or_deceptive(name: str) -> None:
    assert len(messages("name", name)) == 1


@pytest.mark.parametrize("name", ["A", "Zoë O\u2019Brien", "\u674e\u660e", "-", "a" * 200])
def test_name_is_accepted_in_any_script(name: str) -> None:
    assert messages("name", name) == []


@pytest.mark.parametrize("command", [UpdateMe, UpdateUser])
def test_blank_name_is_refused_in_updates(command: type[Command]) -> None:
    with pytest.raises(Invalid) as refused:
        command.read({"name": "\u00a0"})
    assert "name" in refused.value.facts["errors"]


@pytest.mark.parametrize("field", ["email", "name"])
def test_length_is_the_only_check_of_a_text_that_is_too_long(field: str) -> None:
    """A pattern takes a quarter of a second for a megabyte, which any caller may send."""
    assert len(messages(field, TOO_LONG + "\n@")) == 1
    assert "ength" in messages(field, TOO_LONG + "\n@")[0]


@pytest.mark.parametrize(("length", "is_accepted"), [(11, False), (12, True), (128, True), (129, False)])
@pytest.mark.parametrize(
    ("command", "more"),
    [(RegisterPatient, WHOLE), (ResetPassword, {"token": "t"}), (ChangePassword, {"current_password": "x"})],
)
def test_new_password_has_12_to_128_characters(
    command: type[Command],
    more: dict[str, str],
    length: int,
    is_accepted: bool,  # noqa: FBT001  a case of the table
) -> None:
    password = ("\u00e9 \U0001f600a" * 50)[:length]
    try:
        assert command.read({**more, "password": password}).password == password
    except Invalid as refused:
        assert (is_accepted, list(refused.facts["errors"])) == (False, ["password"])  # noqa: PT017
    else:
        assert is_accepted
