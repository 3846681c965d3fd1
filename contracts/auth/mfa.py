"""The second factor: an app computes codes from a shared secret and the time (TOTP, RFC 6238)."""

from typing import Annotated

from chassis.contract import Command, View
from chassis.errors import Conflict, Invalid
from chassis.refusals import BUSY, Refusal
from contracts.auth.fields import CODE, HASHING, KnownPassword
from contracts.auth.outcomes import StatusView
from contracts.auth.refusals import LOCKED, MFA_NOT_ENABLED, PASSWORD_WRONG
from contracts.roles import ANY_ROLE
from records.fields import Secret

CODE_WRONG = Refusal(
    Invalid,
    "code_wrong",
    "The code is wrong.",
    "The code is not the app's current code. It counts as a failed login.",
)
MFA_ENABLED = Refusal(
    Conflict,
    "mfa_enabled",
    "You already have a second factor. To replace it, enter a code of it.",
    "The account already has a second factor. To replace it, send a `code` of it.",
)
MFA_NOT_STARTED = Refusal(
    Conflict, "mfa_not_started", "Request a secret first.", "There is no secret to confirm: request a secret first."
)
MFA_REQUIRED = Refusal(
    Conflict,
    "mfa_required",
    "Your roles require a second factor.",
    "The roles of the person require a second factor.",
)


class MfaSecretView(View):
    """A new secret as text, as a URI for apps and as a picture (SVG data URI). It takes effect when confirmed."""

    secret: str
    otpauth_uri: str
    qr_code: str


class RecoveryCodesView(View):
    """Ten recovery codes for a lost device. Each works once. They are never shown again."""

    recovery_codes: list[str]


class StartMfa(
    Command,
    service="auth",
    roles=ANY_ROLE,
    returns=MfaSecretView,
    keyed=False,
    enrolling=True,
    line=HASHING,
    verified=True,
    refuses=(
        PASSWORD_WRONG,
        CODE_WRONG,
        LOCKED,
        MFA_ENABLED,
        BUSY,
    ),
):
    """Request a secret for a second factor. To replace a second factor, also send a code of the current factor.

    The secret takes effect when it is confirmed with a code.
    """

    password: KnownPassword
    code: Annotated[str, CODE, Secret] | None = None


class ConfirmMfa(
    Command,
    service="auth",
    roles=ANY_ROLE,
    returns=RecoveryCodesView,
    keyed=False,
    enrolling=True,
    verified=True,
    refuses=(
        CODE_WRONG,
        MFA_ENABLED,
        MFA_NOT_STARTED,
        LOCKED,
    ),
):
    """Confirm the secret with a code of the app. Logins then require a code. Earlier recovery codes become invalid."""

    code: Annotated[str, CODE, Secret]


class RenewRecoveryCodes(
    Command,
    service="auth",
    roles=ANY_ROLE,
    returns=RecoveryCodesView,
    keyed=False,
    line=HASHING,
    refuses=(
        PASSWORD_WRONG,
        CODE_WRONG,
        LOCKED,
        MFA_NOT_ENABLED,
        BUSY,
    ),
):
    """Replace the recovery codes by ten new codes. Requires a code of the app or an unused recovery code."""

    password: KnownPassword
    code: Annotated[str, CODE, Secret]


class EndMfa(
    Command,
    service="auth",
    roles=ANY_ROLE,
    returns=StatusView,
    keyed=False,
    line=HASHING,
    refuses=(
        PASSWORD_WRONG,
        LOCKED,
        MFA_NOT_ENABLED,
        MFA_REQUIRED,
        BUSY,
    ),
):
    """Remove the second factor of the caller."""

    password: KnownPassword
