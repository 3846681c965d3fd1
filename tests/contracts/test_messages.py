"""What is said of a wrong value tells how a right one looks, and the same wherever it is asked for."""

from typing import Any

import pytest
from marshmallow import Schema

from contracts.auth.accounts.commands import UpdateMe
from contracts.clinical.patients import UpdateMyProfile
from records.fields import Moment


@pytest.mark.parametrize("value", ["tomorrow", "2026-11-23", "2026-11-23T09:00:00", "2026-13-01T00:00:00Z", 5, None])
def test_what_is_no_moment_is_told_how_one_looks(value: Any) -> None:
    told = Schema.from_dict({"at": Moment(allow_none=False)})().validate({"at": value})["at"]
    assert told == (
        ["Not a moment with a zone, such as 2026-11-23T09:00:00Z."] if value else ["Field may not be null."]
    )


def test_a_phone_number_is_refused_in_the_same_words_everywhere() -> None:
    told = [one.schema().validate({"phone": "0301"})["phone"] for one in (UpdateMe, UpdateMyProfile)]
    assert told == [["Must be an international number, such as +4930123456 (E.164)."]] * 2


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_one_thing_that_is_wrong_with_a_name_is_told_once(name: str) -> None:
    assert UpdateMe.schema().validate({"name": name})["name"] == ["Length must be between 1 and 200."]
