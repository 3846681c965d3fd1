"""The caller's own account: registration, verification, profile, password and address."""

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
    "The address is already verified.",
    "The account is not pending verification. `state` is `active` if the address is already verified, also by an "
    "earlier use of the token.",
)
PASSWORD_TOO_COMMON = Refusal(
    Invalid, "password_too_common", "This password is easy to guess.", "The password is easy to guess."
)
TOKEN_NOT_VALID = Refusal(
    Invalid,
    "token_not_valid",
    "The link is unknown, used or expired.",
    "The link of the mail is unknown, used or expired. Request a new one.",
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
    """An account, as its owner and admins see it."""

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
    """A new account, whose address is not verified."""

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
    """Register a patient's account. A verification mail is sent to the address."""

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
    """Verify an address with the token from the mail. A new address then replaces the old address."""

    token: Annotated[str, TOKEN]


class ResendVerification(Command, service="auth", roles=ANYONE, returns=StatusView):
    """Send the verification mail again. The reply is the same for an address without an account."""

    email: EmailAddress


class ForgotPassword(Command, service="auth", roles=ANYONE, returns=StatusView):
    """Mail a link to set a new password. The reply is the same for an address without an account."""

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
    """Set a new password with the token of a reset or an invitation mail. All sessions of the account end."""

    token: Annotated[str, TOKEN]
    password: NewPassword


class GetMe(Query, service="auth", roles=ANY_ROLE, returns=AccountView, enrolling=True):
    """Get the caller's account."""


class UpdateMe(Command, service="auth", roles=ANY_ROLE, returns=AccountView, revised=True):
    """Change the caller's profile. An omitted field stays; null removes its value."""

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
    """Set a new password. All other sessions of the caller end."""

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
    """Mail a verification link to a new address.

    The new address replaces the old address when `verify-email` gets the token of the mail.

    An earlier link to another new address becomes invalid, even if this request is refused.
    """

    email: EmailAddress
    password: KnownPassword
