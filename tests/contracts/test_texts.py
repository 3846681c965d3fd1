"""Texts have a visible character, and names have no hidden characters."""

import sys
from collections.abc import Iterator
from typing import Any
from unicodedata import category

import pytest
from marshmallow import Schema, ValidationError, fields, validate

from contracts.texts import BLANK_LETTERS, HIDDEN, LOOKED_AT, ONE_LINE, TRIMMED, Line, hidden_in
from tests.guards.house import commands

NOTHING = {
    "zero width": "\u200b",
    "Hangul filler": "\u3164",
    "other fillers": "\u115f\u1160\uffa0",
    "Braille blank": "\u2800",
    "soft hyphen": "\u00ad",
    "byte order mark": "\ufeff",
    "marks alone": "\u0301\u0308",
    "joiners alone": "\u200d\u200c",
    "bidi controls": "\u202e\u2066\u200f",
    "blanks": "\u00a0\u2003\u3000",
}
"""Invisible texts, by kind."""
NAMES = {
    "Latin": "Zoë O\u2019Brien",
    "decomposed": "Jose\u0301",
    "Chinese": "\u674e\u660e",
    "Persian, with ZWNJ": "\u0646\u06cc\u06a9\u200c\u0646\u0627\u0645",
    "Hindi, with ZWJ": "\u0915\u094d\u200d\u0937",
    "Malayalam, with ZWJ at the end": "\u0d05\u0d30\u0d35\u0d3f\u0d28\u0d4d\u200d",
    "Korean": "\uae40\ubbfc\uc900",
    "emoji": "\U0001f642",
    "joined emoji": "\U0001f469\u200d\U0001f52c",
}
HIDING = {
    "override": "Asha \u202eoaR",
    "isolate": "\u2066Asha\u2069",
    "mark of direction": "Asha\u200f",
    "soft hyphen": "As\u00adha",
    "zero width": "As\u200bha",
    "new line": "Asha\nBcc: all@example.org",
    "escape": "Asha\x1b[31m",
    "tag": "Asha\U000e0041",
    "filler": "Asha\u3164",
    "joiner at the end": "Asha\u200d",
    "joiner at the beginning": "\u200cAsha",
    "joiner beside a blank": "Asha \u200d Rao",
}
FREE = {
    "LogIn.email": "looked up, and not stored",
    "NoteRefusal.action": "written by the gateway",
    "FinishSandboxCheckout.reference": "looked up, and not stored",
    "VerifyEmail.token": "looked up, and not stored",
    "ResetPassword.token": "looked up, and not stored",
}
"""Texts that no person reads."""


def texts(schema: Schema, path: str) -> Iterator[tuple[str, fields.String]]:
    """The texts of a schema that must not be empty, except secrets and enums."""
    for name, field in schema.fields.items():
        inner: Any = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from texts(inner.schema, f"{path}.{name}")
        elif type(inner) is not fields.Email and isinstance(inner, fields.String) and not inner.load_only:
            rules = inner.validators
            least = any(isinstance(rule, validate.Length) and rule.min for rule in rules)
            if (field.required or least) and not any(isinstance(rule, validate.OneOf) for rule in rules):
                yield f"{path}.{name}", inner


TEXTS = [found for command in commands() if not command.reads for found in texts(command.schema(), command.__name__)]
READ = [pytest.param(field, id=path) for path, field in TEXTS if path not in FREE]


@pytest.mark.parametrize("field", READ)
@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_text_is_refused_without_a_visible_character(field: fields.String, text: str) -> None:
    with pytest.raises(ValidationError):
        field.deserialize(text)


def test_texts_that_no_person_reads_exist() -> None:
    assert FREE.keys() <= {path for path, _field in TEXTS}


def test_names_are_among_the_texts() -> None:
    assert {
        "RegisterPatient.name",
        "UpdateUser.name",
        "RegisterPatientAtDesk.family_name",
        "CorrectPatient.given_name",
        "UpdateMyProfile.emergency_contact.name",
        "RequestUpgrade.specialization",
        "Prescribe.items.medicine",
        "SetPrice.name",
    } <= {path for path, _field in TEXTS}


@pytest.mark.parametrize("rule", [ONE_LINE, TRIMMED])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_name_is_accepted_in_any_script(rule: Line, name: str) -> None:
    assert rule(name) == name


@pytest.mark.parametrize("rule", [ONE_LINE, TRIMMED])
@pytest.mark.parametrize("name", HIDING.values(), ids=HIDING)
def test_name_is_refused_with_a_hidden_character(rule: Line, name: str) -> None:
    with pytest.raises(ValidationError):
        rule(name)


def test_refusal_names_the_hidden_character() -> None:
    with pytest.raises(ValidationError, match="U\\+202E"):
        ONE_LINE("Asha \u202eoaR")


def test_hidden_characters_are_those_of_unicode() -> None:
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    signs = {sign for sign in map(chr, range(sys.maxunicode + 1)) if category(sign) in kinds} - {"\u200c", "\u200d"}
    missed = {sign for sign in signs | set(BLANK_LETTERS) if hidden_in(sign) is None}
    assert missed == set()
    assert HIDDEN.search("".join(NAMES.values())) is None


def test_line_is_searched_to_its_maximum_length() -> None:
    lines = [(path, field) for path, field in TEXTS if any(isinstance(rule, Line) for rule in field.validators)]
    for path, field in lines:
        lengths = [rule for rule in field.validators if isinstance(rule, validate.Length)]
        assert any(rule.max and rule.max <= LOOKED_AT for rule in lengths), path
