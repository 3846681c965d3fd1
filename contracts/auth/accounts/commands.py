"""One's own account: opened, verified, kept, and found again when the password is lost."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from marshmallow import validate

from chassis.contract import ANYONE, Command, Query, View
from chassis.errors import Conflict, Invalid
from chassis.refusals import BUSY, Refusal
from contracts.auth.fields import HASHING, TOKEN, EmailAddress, KnownPassword, NewPassword, PersonName
from contracts.auth.outcomes import StatusView
from contracts.auth.refusals import EMAIL_TAKEN, LOCKED, MAILS_USED_UP, PASSWORD_WRONG
from contracts.roles import ANY_ROLE, Role
from contracts.texts import EmailText
from records.fields import OMITTED, Omitted

NOT_PENDING_VERIFICATION = Refusal(
    Conflict,
    "not_pending_verification",
    "The address is verified already.",
    "The account does not wait for its address to be verified: `state` is `active` when it is verified, also by an "
    "earlier use of the token.",
)
PASSWORD_TOO_COMMON = Refusal(
    Invalid, "password_too_common", "This password is easy to guess.", "The password is easy to guess."
)
TOKEN_NOT_VALID = Refusal(
    Invalid,
    "token_not_valid",
    "The link is unknown, used or ended.",
    "The link of the mail is unknown, was used, or has ended: ask for a new one.",
)


PHONE = validate.Regexp(r"^\+[1-9][0-9]{6,14}\Z", error="Must be an international number, such as +4930123456 (E.164).")
LOCALE = validate.Regexp(r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?\Z", re.ASCII, error="Such as de-AT.")
LANGUAGE = validate.Regexp(r"^[a-z]{2,3}\Z", error="Two or three letters, ISO 639.")
ZONE = validate.OneOf(sorted(available_timezones()), error="Not an IANA time zone.")


class AccountStatus(StrEnum):
    """The states of an account."""

    PENDING_VERIFICATION = "pending_verification"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    ERASED = "erased"


class AccountView(View):
    """An account as its owner and admins see it."""

    id: UUID
    email: EmailText
    name: str
    phone: str | None
    locale: str | None
    language: str | None
    timezone: str | None
    status: AccountStatus
    roles: list[Role]
    mfa_enabled: bool
    created_at: datetime
    revision: int


class RegisteredView(View):
    """A new account, whose address is still to be verified."""

    id: UUID
    email: EmailText
    status: AccountStatus


class RegisterPatient(
    Command,
    service="auth",
    roles=ANYONE,
    returns=RegisteredView,
    line=HASHING,
    refuses=(
        EMAIL_TAKEN,
        PASSWORD_TOO_COMMON,
        BUSY,
    ),
):
    """Open a patient's account. A verification mail goes to the address."""

    email: EmailAddress
    password: NewPassword
    name: PersonName


class VerifyEmail(
    Command,
    service="auth",
    roles=ANYONE,
    returns=StatusView,
    refuses=(
        TOKEN_NOT_VALID,
        NOT_PENDING_VERIFICATION,
        EMAIL_TAKEN,
    ),
):
    """Show that an address is one's own, with the token from the mail. A new address takes the old one's place."""

    token: Annotated[str, TOKEN]


class ResendVerification(Command, service="auth", roles=ANYONE, returns=StatusView):
    """Have the verification mail sent again. The answer is the same whether the address has an account or not."""

    email: EmailAddress


class ForgotPassword(Command, service="auth", roles=ANYONE, returns=StatusView):
    """Have a link mailed that sets a new password. The answer is the same whether the address has an account or not."""

    email: EmailAddress


class ResetPassword(
    Command,
    service="auth",
    roles=ANYONE,
    returns=StatusView,
    line=HASHING,
    refuses=(
        TOKEN_NOT_VALID,
        PASSWORD_TOO_COMMON,
        BUSY,
    ),
):
    """Set a new password with the token from the mail, of a reset or an invitation. Every session ends."""

    token: Annotated[str, TOKEN]
    password: NewPassword


class GetMe(Query, service="auth", roles=ANY_ROLE, returns=AccountView, enrolling=True):
    """One's own account."""


class UpdateMe(Command, service="auth", roles=ANY_ROLE, returns=AccountView, revised=True):
    """Change one's own profile; what is left out stays, and null takes a value away."""

    name: PersonName | Omitted = OMITTED
    phone: Annotated[str, PHONE] | Omitted | None = OMITTED
    locale: Annotated[str, LOCALE] | Omitted | None = OMITTED
    language: Annotated[str, LANGUAGE] | Omitted | None = OMITTED
    timezone: Annotated[str, ZONE] | Omitted | None = OMITTED


class ChangePassword(
    Command,
    service="auth",
    roles=ANY_ROLE,
    returns=StatusView,
    keyed=False,
    line=HASHING,
    refuses=(
        PASSWORD_WRONG,
        LOCKED,
        PASSWORD_TOO_COMMON,
        BUSY,
    ),
):
    """Set a new password. Every other session ends."""

    current_password: KnownPassword
    password: NewPassword


class ChangeEmail(
    Command,
    service="auth",
    roles=ANY_ROLE,
    returns=StatusView,
    keyed=False,
    line=HASHING,
    refuses=(
        PASSWORD_WRONG,
        LOCKED,
        MAILS_USED_UP,
        EMAIL_TAKEN,
        BUSY,
    ),
):
    """Have a mail sent to a new address.

    It takes the old one's place when its token comes to `verify-email`.

    A link to another new address, asked for earlier, ends, also when this one is refused.
    """

    email: EmailAddress
    password: KnownPassword
