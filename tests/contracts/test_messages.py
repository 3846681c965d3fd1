"""Validation messages show a valid form, and are the same for a field in every command."""

from typing import Any

import pytest
from marshmallow import Schema

from contracts.auth.accounts.commands import UpdateMe
from contracts.clinical.patients import UpdateMyProfile
from records.fields import Moment


@pytest.mark.parametrize("value", ["tomorrow", "2026-11-23", "2026-11-23T09:00:00", "2026-13-01T00:00:00Z", 5, None])
def test_message_for_an_invalid_time_shows_a_valid_time(value: Any) -> None:
    messages = Schema.from_dict({"at": Moment(allow_none=False)})().validate({"at": value})["at"]
    assert messages == (
        ["Not a moment with a zone, such as 2026-11-23T09:00:00Z."] if value else ["Field may not be null."]
    )


def test_message_for_an_invalid_phone_number_is_the_same_everywhere() -> None:
    messages = [command.schema().validate({"phone": "0301"})["phone"] for command in (UpdateMe, UpdateMyProfile)]
    assert messages == [["Must be an international number, such as +4930123456 (E.164)."]] * 2


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_message_for_an_invalid_name_is_single(name: str) -> None:
    assert UpdateMe.schema().validate({"name": name})["name"] == ["Length must be between 1 and 200."]
