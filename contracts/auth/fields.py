"""Fields of credentials: names, addresses, passwords and codes, and the queues for commands that hash passwords."""

from typing import Annotated

from marshmallow import fields, validate

from contracts.texts import Line
from records.fields import Facts, Secret

HASHING = "passwords"
"""The gateway's queue of commands that hash or compare a password. Rate limits keep it short."""
LOGGING_IN = "log-in"
"""The gateway's queue of logins, which also compare a password: no other command delays them."""
PASSWORD = validate.Length(12, 128)
NO_TEXT = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
"""Control characters and bidi overrides: the part of `texts.HIDDEN` that a JSON schema pattern expresses."""
NAME = (
    validate.Length(1, 200),
    Line(rf"^[^{NO_TEXT}]*[^{NO_TEXT}\s][^{NO_TEXT}]*\Z", error="Is blank, or contains a control character."),
)
MAILBOX = validate.Regexp(r"^[\x21-\x7e]+@", error="Contains characters before the @ that few mail servers accept.")
TOKEN = validate.Length(1, 500)
CODE = validate.Length(6, 40)


class _LengthFirst(fields.String):
    """A text whose length is checked first, because a pattern may take long on a text that is too long."""

    def _validate(self, value: str) -> None:
        for rule in self.validators:
            if isinstance(rule, validate.Length):
                rule(value)
        super()._validate(value)


class _Address(_LengthFirst, fields.Email):
    """An e-mail address of at most 254 characters."""


PersonName = Annotated[str, _LengthFirst, NAME]
"""A person's name: 1 to 200 characters, not only blanks."""
EmailAddress = Annotated[str, _Address, validate.Length(max=254), MAILBOX]
"""An e-mail address. Only the domain may contain non-ASCII letters: few mail servers accept them before the @."""
NewPassword = Annotated[str, Secret, PASSWORD, Facts(example="plum-orbit-seldom-kettle")]
"""A new password: 12 to 128 characters."""
KnownPassword = Annotated[str, Secret, validate.Length(1, 128)]
"""The current password, which proves that the caller owns the account."""
