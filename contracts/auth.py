"""What is said to and by the auth service: who you are."""

from marshmallow import fields, validate

from chassis.contract import ANYONE, Command, Event, PageQuery, Query, View, page_of
from contracts.roles import ANY_ROLE, STAFF, Role

PASSWORD = validate.Length(12, 128)
NAME = validate.Length(1, 200)
TOKEN = validate.Length(1, 500)


class AccountView(View):
    """An account as its owner and admins see it."""

    id = fields.UUID()
    email = fields.Email()
    name = fields.String()
    status = fields.String(validate=validate.OneOf(["pending_verification", "active", "deactivated", "erased"]))
    roles = fields.List(fields.String())


class RegisteredView(View):
    """A new account, whose address is still to be verified."""

    id = fields.UUID()
    email = fields.Email()
    status = fields.String()


class UserView(View):
    """The person who has signed in."""

    id = fields.UUID()
    email = fields.Email()
    name = fields.String()
    roles = fields.List(fields.String())


class TokensView(View):
    """A signed-in session. `expires_in` is the access token's life in seconds."""

    access_token = fields.String()
    refresh_token = fields.String()
    expires_in = fields.Integer()
    token_type = fields.String()
    user = fields.Nested(UserView)


class UpgradeRequestView(View):
    """A request for a role."""

    id = fields.UUID()
    user_id = fields.UUID()
    role = fields.String()
    status = fields.String(validate=validate.OneOf(["pending", "approved", "rejected", "withdrawn"]))
    licence_number = fields.String(allow_none=True)
    specialization = fields.String(allow_none=True)
    statement = fields.String()
    reason = fields.String(allow_none=True)
    created_at = fields.AwareDateTime()


class StatusView(View):
    """How a thing stands now."""

    status = fields.String()


class RegisterPatient(Command):
    """Open a patient's account. A verification mail goes to the address.

    Conflict: `email_taken`. Invalid: `password_too_common`. Unavailable: `busy`.
    """

    service, roles, returns = "auth", ANYONE, RegisteredView
    email = fields.Email(required=True, validate=validate.Length(max=254))
    password = fields.String(required=True, load_only=True, validate=PASSWORD)
    name = fields.String(required=True, validate=NAME)


class VerifyEmail(Command):
    """Show that the address is one's own, with the token from the mail.

    Invalid: `token_not_valid` (unknown, used or ended). Conflict: `not_pending_verification`.
    """

    service, roles, returns = "auth", ANYONE, StatusView
    token = fields.String(required=True, load_only=True, validate=TOKEN)


class LogIn(Command):
    """Sign in. A wrong password and an unknown address are answered alike.

    Unauthenticated: `login_failed`. TooMany: `locked`, for 15 minutes after ten failures in 15 minutes. Unavailable:
    `busy`.
    """

    service, roles, returns, keyed = "auth", ANYONE, TokensView, False
    email = fields.String(required=True, validate=validate.Length(1, 254))
    password = fields.String(required=True, load_only=True, validate=validate.Length(1, 128))


class RefreshTokens(Command):
    """Exchange a refresh token for new tokens; it works once, and gets the same reply again for 10 seconds.

    Unauthenticated: `refresh_failed`. A used token that comes later ends the session.
    """

    service, roles, returns, keyed = "auth", ANYONE, TokensView, False
    refresh_token = fields.String(required=True, load_only=True, validate=TOKEN)


class LogOut(Command):
    """End this session."""

    service, roles, returns = "auth", ANY_ROLE, StatusView


class GetMe(Query):
    """One's own account."""

    service, roles, returns = "auth", ANY_ROLE, AccountView


class RequestUpgrade(Command):
    """Ask for a role. A doctor states licence and specialization, else Invalid.

    Conflict: `already_pending`, `already_granted`.
    """

    service, roles, returns, verified = "auth", ANY_ROLE, UpgradeRequestView, True
    role = fields.String(required=True, validate=validate.OneOf([Role.DOCTOR, *sorted(STAFF)]))
    licence_number = fields.String(load_default=None, validate=validate.Length(1, 100))
    specialization = fields.String(load_default=None, validate=validate.Length(1, 100))
    statement = fields.String(required=True, validate=validate.Length(1, 2000))


class ListMyUpgradeRequests(PageQuery):
    """One's own requests for roles, newest first."""

    service, roles, returns = "auth", ANY_ROLE, page_of(UpgradeRequestView)


class ListUpgradeRequests(PageQuery):
    """All requests for roles, newest first."""

    service, roles, returns = "auth", frozenset({Role.ADMIN}), page_of(UpgradeRequestView)
    status = fields.String(
        load_default="pending", validate=validate.OneOf(["pending", "approved", "rejected", "withdrawn"])
    )


class DecideUpgrade(Command):
    """Approve or reject a request for a role. A rejection needs a reason.

    Invalid: `reason_required`. Forbidden: `own_request`. Conflict: `already_decided`, `already_granted`,
    `account_not_active`.
    """

    service, roles, returns = "auth", frozenset({Role.ADMIN}), UpgradeRequestView
    request_id = fields.UUID(required=True)
    decision = fields.String(required=True, validate=validate.OneOf(["approve", "reject"]))
    reason = fields.String(load_default=None, validate=validate.Length(1, 1000))


class ListPublicKeys(Query):
    """The public keys that access tokens are verified with (RFC 7517)."""

    class KeysView(View):
        """A JSON Web Key Set."""

        keys = fields.Raw()

    service, roles, returns = "auth", ANYONE, KeysView


class UserRegistered(Event):
    """Somebody has an account. Internal: it carries contact details."""

    service, subject, internal = "auth", "user_id", True
    heard_by = ("notify.on_user_registered", "clinical.on_user_registered")
    user_id = fields.UUID()
    email = fields.Email()
    name = fields.String()
    example = {"user_id": "01919c5e-0000-7000-8000-000000000001", "email": "asha@example.org", "name": "Asha Rao"}


class MailTokenIssued(Event):
    """A secret link is to be sent. Internal: it carries the secret."""

    service, subject, internal = "auth", "user_id", True
    heard_by = ("notify.on_mail_token_issued",)
    user_id = fields.UUID()
    email = fields.Email()
    name = fields.String()
    purpose = fields.String(validate=validate.OneOf(["verify", "reset", "invite"]))
    token = fields.String()
    expires_at = fields.AwareDateTime()
    example = {
        "user_id": "01919c5e-0000-7000-8000-000000000001",
        "email": "asha@example.org",
        "name": "Asha Rao",
        "purpose": "verify",
        "token": "q0Zb7r1TnU0gq7m1C3E2yA",
        "expires_at": "2026-11-23T09:00:00+00:00",
    }


class UserVerified(Event):
    """An address has been shown to be its owner's."""

    service, subject, for_outside = "auth", "user_id", True
    user_id = fields.UUID()
    example = {"user_id": "01919c5e-0000-7000-8000-000000000001"}


class RoleGranted(Event):
    """A person has a role from now on."""

    service, subject, for_outside = "auth", "user_id", True
    user_id = fields.UUID()
    role = fields.String()
    example = {"user_id": "01919c5e-0000-7000-8000-000000000002", "role": "doctor"}


class UpgradeRequested(Event):
    """Somebody asks for a role."""

    service, subject, for_outside = "auth", "request_id", True
    request_id = fields.UUID()
    user_id = fields.UUID()
    role = fields.String()
    example = {
        "request_id": "01919c5e-0000-7000-8000-000000000009",
        "user_id": "01919c5e-0000-7000-8000-000000000002",
        "role": "doctor",
    }


class UpgradeDecided(Event):
    """An admin has decided about a request for a role."""

    service, subject = "auth", "request_id"
    heard_by = ("notify.on_upgrade_decided",)
    request_id = fields.UUID()
    user_id = fields.UUID()
    role = fields.String()
    decision = fields.String(validate=validate.OneOf(["approve", "reject"]))
    example = {
        "request_id": "01919c5e-0000-7000-8000-000000000009",
        "user_id": "01919c5e-0000-7000-8000-000000000002",
        "role": "doctor",
        "decision": "approve",
    }


class DoctorApproved(Event):
    """A person is a doctor of the hospital. Name and specialization are directory facts."""

    service, subject = "auth", "doctor_id"
    heard_by = ("scheduling.on_doctor_approved", "billing.on_doctor_approved")
    doctor_id = fields.UUID()
    name = fields.String()
    specialization = fields.String()
    example = {
        "doctor_id": "01919c5e-0000-7000-8000-000000000002",
        "name": "Dr Lena Weiss",
        "specialization": "cardiology",
    }


class StaffApproved(Event):
    """A person is one of the hospital's staff."""

    service, subject, for_outside = "auth", "user_id", True
    user_id = fields.UUID()
    role = fields.String()
    example = {"user_id": "01919c5e-0000-7000-8000-000000000003", "role": "nurse"}
