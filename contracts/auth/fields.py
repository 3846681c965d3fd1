"""What a person signs in with: names, addresses, passwords and codes, and the lines in which they are checked."""

from typing import Annotated, Any

from marshmallow import fields, validate

from contracts.texts import Line
from records.fields import Facts, Secret

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
MAILBOX = validate.Regexp(r"^[\x21-\x7e]+@", error="Has letters before the @ that few mail servers take.")
TOKEN = validate.Length(1, 500)
CODE = validate.Length(6, 40)


class _LengthFirst(fields.String):
    """A text whose length is looked at before all else: a pattern may take long over one that is too long."""

    def _validate(self, value: Any) -> None:
        for rule in self.validators:
            if isinstance(rule, validate.Length):
                rule(value)
        super()._validate(value)


class _Address(_LengthFirst, fields.Email):
    """An e-mail address, of which not more than 254 characters are looked at."""


PersonName = Annotated[str, _LengthFirst, NAME]
"""A person's name: 1 to 200 characters, not all of them blank."""
EmailAddress = Annotated[str, _Address, validate.Length(max=254), MAILBOX]
"""An e-mail address. Letters beyond ASCII only in its domain: few mail servers take them before the @."""
NewPassword = Annotated[str, Secret, PASSWORD, Facts(example="plum-orbit-seldom-kettle")]
"""A password that is to be set: 12 to 128 characters."""
KnownPassword = Annotated[str, Secret, validate.Length(1, 128)]
"""The present password, which shows that the owner of the account asks."""
