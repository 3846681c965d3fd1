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
    """Get a secret for a second factor, or, with a code of the present one, for another in its place.

    Nothing changes until it is confirmed with a code. Forbidden: `password_wrong`. Invalid: `code_wrong`. TooMany:
    `locked`. Conflict: `mfa_enabled` (there is one, and no code of it was given). Unavailable: `busy`.
    """

    service, roles, returns, keyed, enrolling = "auth", ANY_ROLE, MfaSecretView, False, True
    line, verified = HASHING, True
    password = known_password()
    code = fields.String(load_default=None, load_only=True, validate=CODE)


class ConfirmMfa(Command):
    """Show that the app has the secret: from now on signing in takes a code of it. Other recovery codes end.

    Invalid: `code_wrong`. Conflict: `mfa_enabled`, `mfa_not_started`. TooMany: `locked`.
    """

    service, roles, returns, keyed, enrolling = "auth", ANY_ROLE, RecoveryCodesView, False, True
    verified = True
    code = fields.String(required=True, load_only=True, validate=CODE)


class RenewRecoveryCodes(Command):
    """Get ten new recovery codes, for a code of the app or one of those that are left; the old ones end.

    Forbidden: `password_wrong`. Invalid: `code_wrong`. TooMany: `locked`. Conflict: `mfa_not_enabled`. Unavailable:
    `busy`.
    """

    service, roles, returns, keyed, line = "auth", ANY_ROLE, RecoveryCodesView, False, HASHING
    password = known_password()
    code = fields.String(required=True, load_only=True, validate=CODE)


class EndMfa(Command):
    """Do without the second factor again.

    Forbidden: `password_wrong`. TooMany: `locked`. Conflict: `mfa_not_enabled`, `mfa_required` (by a role).
    Unavailable: `busy`.
    """

    service, roles, returns, keyed = "auth", ANY_ROLE, StatusView, False
    line = HASHING
    password = known_password()
