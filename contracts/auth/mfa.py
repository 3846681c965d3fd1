"""The second factor: codes that an app computes from a shared secret and the time (TOTP, RFC 6238)."""

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
    "The code is not the one that the app should show now. It counts as a failed try to sign in.",
)
MFA_ENABLED = Refusal(
    Conflict,
    "mfa_enabled",
    "You sign in with a second factor already: give a code of it to replace it.",
    "The second factor is set up already: send a `code` of it to have it replaced.",
)
MFA_NOT_STARTED = Refusal(
    Conflict, "mfa_not_started", "Ask for a secret first.", "Nothing is to be confirmed: ask for a secret first."
)
MFA_REQUIRED = Refusal(
    Conflict,
    "mfa_required",
    "One of your roles requires a second factor.",
    "One of the person's roles requires the second factor.",
)


class MfaSecretView(View):
    """A new secret, which counts once it is confirmed: as text, as URI for apps, and as picture (SVG data URI)."""

    secret: str
    otpauth_uri: str
    qr_code: str


class RecoveryCodesView(View):
    """Ten codes for the day when the device is lost. Each works once, and they are never shown again."""

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
    """Get a secret for a second factor, or, with a code of the present one, for another in its place.

    Nothing changes until it is confirmed with a code.
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
    """Show that the app has the secret: from now on signing in takes a code of it. Other recovery codes end."""

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
    """Get ten new recovery codes, for a code of the app or one of those that are left; the old ones end."""

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
    """Do without the second factor again."""

    password: KnownPassword
