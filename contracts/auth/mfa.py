"""The second factor: codes that an app computes from a shared secret and the time (TOTP, RFC 6238)."""

from marshmallow import fields

from chassis.contract import Command, View
from contracts.auth.common import CODE, HASHING, StatusView, known_password
from contracts.roles import ANY_ROLE


class MfaSecretView(View):
    """A new secret, which counts once it is confirmed: as text, as URI for apps, and as picture (SVG data URI)."""

    secret = fields.String()
    otpauth_uri = fields.String()
    qr_code = fields.String()


class RecoveryCodesView(View):
    """Ten codes for the day when the device is lost. Each works once, and they are never shown again."""

    recovery_codes = fields.List(fields.String())


class StartMfa(Command):
    """Get a secret for a second factor. Nothing changes until it is confirmed with a code.

    Forbidden: `password_wrong`. TooMany: `locked`. Conflict: `mfa_enabled`. Unavailable: `busy`.
    """

    service, roles, returns, keyed, enrolling = "auth", ANY_ROLE, MfaSecretView, False, True
    line = HASHING
    password = known_password()


class ConfirmMfa(Command):
    """Show that the app has the secret: from now on signing in takes a code.

    Invalid: `code_wrong`. Conflict: `mfa_enabled`, `mfa_not_started`. TooMany: `locked`.
    """

    service, roles, returns, keyed, enrolling = "auth", ANY_ROLE, RecoveryCodesView, False, True
    code = fields.String(required=True, load_only=True, validate=CODE)


class EndMfa(Command):
    """Do without the second factor again.

    Forbidden: `password_wrong`. TooMany: `locked`. Conflict: `mfa_not_enabled`, `mfa_required` (by a role).
    Unavailable: `busy`.
    """

    service, roles, returns, keyed = "auth", ANY_ROLE, StatusView, False
    line = HASHING
    password = known_password()
