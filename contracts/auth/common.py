"""Fields and views that several contracts of auth share."""

from typing import Any

from marshmallow import fields, validate

from chassis.contract import View
from contracts.roles import Role
from contracts.texts import ONE_LINE, Line

HASHING = "passwords"
"""The line of commands that hash a password or compare one. Who is signed in gives few of them a minute."""
LOGGING_IN = "log-in"
"""The line of signing in, which does the same: nothing else takes its turns."""
PASSWORD = validate.Length(12, 128)
NO_TEXT = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
"""Control characters, and those that turn the direction of what follows: what a pattern says of `texts.HIDDEN`."""
NAME = (
    validate.Length(1, 200),
    Line(rf"^[^{NO_TEXT}]*[^{NO_TEXT}\s][^{NO_TEXT}]*\Z", error="Is blank, or has a character that is no text."),
)
SPECIALIZATION = (validate.Length(1, 100), ONE_LINE)
"""Of a doctor: it stands in the directory."""
MAILBOX = validate.Regexp(r"^[\x21-\x7e]+@", error="Has letters before the @ that few mail servers take.")
TOKEN = validate.Length(1, 500)
CODE = validate.Length(6, 40)


def new_password() -> fields.String:
    """A password that is to be set: 12 to 128 characters."""
    example = {"example": "plum-orbit-seldom-kettle"}
    return fields.String(required=True, load_only=True, validate=PASSWORD, metadata=example)


def known_password() -> fields.String:
    """The present password, which shows that it is still its owner who asks."""
    return fields.String(required=True, load_only=True, validate=validate.Length(1, 128))


class _LengthFirst(fields.String):
    """A text whose length is looked at before all else: a pattern may take long over one that is too long."""

    def _validate(self, value: Any) -> None:
        for rule in self.validators:
            if isinstance(rule, validate.Length):
                rule(value)
        super()._validate(value)


class _Address(_LengthFirst, fields.Email):
    """An e-mail address, of which not more than 254 characters are looked at."""


def person_name(**options: Any) -> fields.String:
    """A person's name: 1 to 200 characters, of which some can be seen and none is hidden."""
    return _LengthFirst(validate=NAME, **options)


def address() -> fields.Email:
    """An e-mail address. Letters beyond ASCII only in its domain: few mail servers take them before the @."""
    return _Address(required=True, validate=[validate.Length(max=254), MAILBOX])


OUTCOMES = (
    "active",
    "disabled",
    "erased",
    "invited",
    "mail_sent",
    "mail_sent_if_known",
    "mfa_disabled",
    "noted",
    "password_set",
    "signed_out",
)
ACCOUNT_STATUSES = ("pending_verification", "active", "deactivated", "erased")


class StatusView(View):
    """How a thing stands now."""

    status = fields.String(validate=validate.OneOf(OUTCOMES))


def some_roles() -> fields.List[Any]:
    """The roles of a person, as they are shown."""
    return fields.List(fields.String(validate=validate.OneOf([role.value for role in Role])))
