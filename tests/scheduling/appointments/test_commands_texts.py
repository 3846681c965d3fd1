"""Required texts of commands. A text must have at least one visible character."""

from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import ValidationError, fields, validate

from contracts.scheduling.availability import RuleView
from gateway.documents.openapi import document
from gateway.service import GatewayService
from tests.guards.house import commands

INVISIBLE = {
    "empty": "",
    "blank": " ",
    "lines": "\r\n",
    "other blanks": "\t\u00a0\u2028",
    "no width": "\u200b\x07",
    "fillers": "\u3164\u2800",
}
VISIBLE = ("No", "é", "病", "5", "?", "\U0001f642", " in the middle ")


def required_texts() -> Iterator[Any]:
    """Each text field of a command of scheduling that must not be empty."""
    writes = [contract for contract in commands() if contract.service == "scheduling" and not contract.reads]
    for schema in (*writes, RuleView):
        for name, field in schema.schema().fields.items():
            lengths = [each for each in field.validators if isinstance(each, validate.Length)]
            if isinstance(field, fields.String) and any(length.min for length in lengths):
                yield pytest.param(field, id=f"{schema.__name__}.{name}")


TEXTS = list(required_texts())


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE)
def test_text_is_refused_when_it_is_invisible(field: fields.String, text: str) -> None:
    with pytest.raises(ValidationError):
        field.deserialize(text)


@pytest.mark.parametrize("field", TEXTS)
def test_text_is_accepted_unchanged_when_it_is_visible(field: fields.String) -> None:
    assert [field.deserialize(text) for text in VISIBLE] == [*VISIBLE]


def test_required_texts_include_reasons_titles_wards_and_places() -> None:
    expected = {"CancelAppointment.reason", "BookAppointment.overbook_reason", "TakeTimeOff.reason", "GiveTask.title"}
    expected |= {
        "AssignShift.ward",
        "ChangeAppointment.place",
        "RuleView.place",
        "DecideSwap.reason",
        "FailTask.reason",
    }
    assert expected <= {parameter.id for parameter in TEXTS}


def test_openapi_document_states_length_and_pattern_of_a_reason() -> None:
    body = document(GatewayService)["paths"]["/api/staff/appointments/{appointment_id}/cancel"]["post"]["requestBody"]
    reason = body["content"]["application/json"]["schema"]["properties"]["reason"]
    assert (reason["minLength"], reason["maxLength"], reason["pattern"]) == (1, 500, r"\S")
