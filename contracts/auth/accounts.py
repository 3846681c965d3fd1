"""One's own account: opened, verified, kept, and found again when the password is lost."""

import re
from zoneinfo import available_timezones

from marshmallow import fields, validate

from chassis.contract import ANYONE, Command, Query, View
from contracts.auth.common import (
    ACCOUNT_STATUSES,
    HASHING,
    TOKEN,
    StatusView,
    address,
    known_password,
    new_password,
    person_name,
    some_roles,
)
from contracts.roles import ANY_ROLE

PHONE = validate.Regexp(r"^\+[1-9][0-9]{6,14}\Z", error="Must be an international number, such as +4930123456 (E.164).")
LOCALE = validate.Regexp(r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?\Z", re.ASCII, error="Such as de-AT.")
LANGUAGE = validate.Regexp(r"^[a-z]{2,3}\Z", error="Two or three letters, ISO 639.")
ZONE = validate.OneOf(sorted(available_timezones()), error="Not an IANA time zone.")


class AccountView(View):
    """An account as its owner and admins see it."""

    id = fields.UUID()
    email = fields.Email()
    name = fields.String()
    phone = fields.String(allow_none=True)
    locale = fields.String(allow_none=True)
    language = fields.String(allow_none=True)
    timezone = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf(ACCOUNT_STATUSES))
    roles = some_roles()
    mfa_enabled = fields.Boolean()
    created_at = fields.AwareDateTime()
    revision = fields.Integer()


class RegisteredView(View):
    """A new account, whose address is still to be verified."""

    id = fields.UUID()
    email = fields.Email()
    status = fields.String(validate=validate.OneOf(ACCOUNT_STATUSES))


class RegisterPatient(Command):
    """Open a patient's account. A verification mail goes to the address.

    Conflict: `email_taken`. Invalid: `password_too_common`. Unavailable: `busy`.
    """

    service, roles, returns = "auth", ANYONE, RegisteredView
    line = HASHING
    email = address()
    password = new_password()
    name = person_name(required=True)


class VerifyEmail(Command):
    """Show that an address is one's own, with the token from the mail. A new address takes the old one's place.

    Invalid: `token_not_valid` (unknown, used or ended). Conflict: `not_pending_verification`, `email_taken`.
    """

    service, roles, returns = "auth", ANYONE, StatusView
    token = fields.String(required=True, validate=TOKEN)


class ResendVerification(Command):
    """Have the verification mail sent again. The answer is the same whether the address has an account or not."""

    service, roles, returns = "auth", ANYONE, StatusView
    email = address()


class ForgotPassword(Command):
    """Have a link mailed that sets a new password. The answer is the same whether the address has an account or not."""

    service, roles, returns = "auth", ANYONE, StatusView
    email = address()


class ResetPassword(Command):
    """Set a new password with the token from the mail, of a reset or an invitation. Every session ends.

    Invalid: `token_not_valid` (unknown, used or ended), `password_too_common`. Unavailable: `busy`.
    """

    service, roles, returns = "auth", ANYONE, StatusView
    line = HASHING
    token = fields.String(required=True, validate=TOKEN)
    password = new_password()


class GetMe(Query):
    """One's own account."""

    service, roles, returns, enrolling = "auth", ANY_ROLE, AccountView, True


class UpdateMe(Command):
    """Change one's own profile; what is left out stays, and null takes a value away.

    Stale: `stale`.
    """

    service, roles, returns, revised = "auth", ANY_ROLE, AccountView, True
    name = person_name()
    phone = fields.String(allow_none=True, validate=PHONE)
    locale = fields.String(allow_none=True, validate=LOCALE)
    language = fields.String(allow_none=True, validate=LANGUAGE)
    timezone = fields.String(allow_none=True, validate=ZONE)


class ChangePassword(Command):
    """Set a new password. Every other session ends.

    Forbidden: `password_wrong`. TooMany: `locked`. Invalid: `password_too_common`. Unavailable: `busy`.
    """

    service, roles, returns, keyed = "auth", ANY_ROLE, StatusView, False
    line = HASHING
    current_password = known_password()
    password = new_password()


class ChangeEmail(Command):
    """Have a mail sent to a new address. It takes the old one's place when its token comes to `verify-email`.

    A link to another new address, asked for earlier, ends, also when this one is refused. Forbidden: `password_wrong`.
    TooMany: `locked`, `mails_used_up` (five an hour). Conflict: `email_taken`. Unavailable: `busy`.
    """

    service, roles, returns, keyed = "auth", ANY_ROLE, StatusView, False
    line = HASHING
    email = address()
    password = known_password()
