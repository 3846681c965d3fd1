"""Fields and views that several contracts of auth share."""

from marshmallow import fields, validate

from chassis.contract import View

HASHING = "passwords"
"""The line of commands that hash a password or compare one."""
PASSWORD = validate.Length(12, 128)
NAME = [
    validate.Length(1, 200),
    validate.Regexp(r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+\Z", error="Has a character that is no text."),
]
"""Without control characters, and without those that turn the direction of what follows."""
MAILBOX = validate.Regexp(r"^[\x21-\x7e]+@", error="Has letters before the @ that few mail servers take.")
TOKEN = validate.Length(1, 500)
CODE = validate.Length(6, 40)


def new_password() -> fields.String:
    """A password that is to be set: 12 to 128 characters."""
    return fields.String(required=True, load_only=True, validate=PASSWORD)


def known_password() -> fields.String:
    """The present password, which shows that it is still its owner who asks."""
    return fields.String(required=True, load_only=True, validate=validate.Length(1, 128))


def address() -> fields.Email:
    """An e-mail address. Letters beyond ASCII only in its domain: few mail servers take them before the @."""
    return fields.Email(required=True, validate=[validate.Length(max=254), MAILBOX])


class StatusView(View):
    """How a thing stands now."""

    status = fields.String()
