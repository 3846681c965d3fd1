"""Events of the auth service, for other services and other systems."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from chassis.event import Event
from contracts.texts import EmailText

ASHA, LENA = "01919c5e-0000-7000-8000-000000000001", "01919c5e-0000-7000-8000-000000000002"
OTHERS = ("notify", "clinical", "scheduling", "billing")


class Credential(StrEnum):
    """The kinds of credential that may change."""

    PASSWORD = "password"  # noqa: S105  a kind, no secret
    EMAIL = "email"
    MFA_ENABLED = "mfa_enabled"
    MFA_DISABLED = "mfa_disabled"
    RECOVERY_CODES = "recovery_codes"


class TokenPurpose(StrEnum):
    """The purposes of a mailed link."""

    VERIFY = "verify"
    RESET = "reset"
    INVITE = "invite"


class UserRegistered(
    Event,
    service="auth",
    subject="user_id",
    internal=True,
    heard_by=tuple(f"{service}.on_user_registered" for service in OTHERS),
):
    """An account was created. Internal: the event carries contact details.

    `is_patient` is true when the account has the role patient. Other accounts have no patient record.
    """

    user_id: UUID
    email: EmailText
    name: str
    is_patient: bool = True
    example = {"user_id": ASHA, "email": "asha@example.org", "name": "Asha Rao", "is_patient": True}


class MailTokenIssued(
    Event, service="auth", subject="user_id", internal=True, heard_by=("notify.on_mail_token_issued",)
):
    """Notify must mail a secret link. Internal: the event carries the secret."""

    user_id: UUID
    email: EmailText
    name: str
    purpose: TokenPurpose
    token: str
    expires_at: datetime
    example = {
        "user_id": ASHA,
        "email": "asha@example.org",
        "name": "Asha Rao",
        "purpose": "verify",
        "token": "q0Zb7r1TnU0gq7m1C3E2yA",
        "expires_at": "2026-11-23T09:00:00+00:00",
    }


class UserVerified(Event, service="auth", subject="user_id", for_outside=True):
    """A person has verified their e-mail address."""

    user_id: UUID
    example = {"user_id": ASHA}


class RoleGranted(Event, service="auth", subject="user_id", for_outside=True):
    """A person was given a role."""

    user_id: UUID
    role: str
    example = {"user_id": LENA, "role": "doctor"}


class AdminChanged(Event, service="auth", subject="user_id", internal=True, heard_by=("notify.on_admin_changed",)):
    """A person is an admin who can sign in, or no longer is. Auth repeats the event once a week for each admin."""

    user_id: UUID
    is_admin: bool
    example = {"user_id": LENA, "is_admin": True}


class UpgradeRequested(Event, service="auth", subject="request_id", for_outside=True):
    """A person has requested a role."""

    request_id: UUID
    user_id: UUID
    role: str
    example = {
        "request_id": "01919c5e-0000-7000-8000-000000000009",
        "user_id": LENA,
        "role": "doctor",
    }


class UpgradeDecided(Event, service="auth", subject="request_id", heard_by=("notify.on_upgrade_decided",)):
    """An admin has approved or rejected a request for a role."""

    request_id: UUID
    user_id: UUID
    role: str
    decision: Literal["approve", "reject"]
    example = {
        "request_id": "01919c5e-0000-7000-8000-000000000009",
        "user_id": LENA,
        "role": "doctor",
        "decision": "approve",
    }


class DoctorApproved(
    Event,
    service="auth",
    subject="doctor_id",
    heard_by=("scheduling.on_doctor_approved", "billing.on_doctor_approved", "clinical.on_doctor_approved"),
):
    """A person is a doctor of the hospital. Name and specialization are public in the directory."""

    doctor_id: UUID
    name: str
    specialization: str
    example = {"doctor_id": LENA, "name": "Dr Lena Weiss", "specialization": "cardiology"}


class StaffApproved(
    Event,
    service="auth",
    subject="user_id",
    heard_by=("scheduling.on_staff_approved", "clinical.on_staff_approved"),
):
    """A person has a staff role.

    The event is repeated for each remaining staff role when a role is revoked or an account is reactivated. So the last
    of `staff_approved`, `role_revoked`, `user_deactivated` and `user_erased` tells whether the person works here.
    """

    user_id: UUID
    role: str
    example = {"user_id": "01919c5e-0000-7000-8000-000000000003", "role": "nurse"}


class UserUpdated(
    Event,
    service="auth",
    subject="user_id",
    internal=True,
    heard_by=tuple(f"{service}.on_user_updated" for service in OTHERS),
):
    """Contact details or preferences changed, or the account got the role patient. Internal: the event carries them.

    `phone_changed_at` is the time when the number was set or removed, or null if it was never set.
    `is_patient` is true when the account has or had the role patient. Other accounts have no patient record.
    """

    user_id: UUID
    email: EmailText
    name: str
    phone: str | None
    language: str | None
    timezone: str | None
    phone_changed_at: datetime | None = None
    is_patient: bool = True
    example = {
        "user_id": ASHA,
        "email": "asha@example.org",
        "name": "Asha Rao",
        "phone": "+4930901820",
        "language": "en",
        "timezone": "Europe/Berlin",
        "phone_changed_at": "2026-11-23T08:00:00+00:00",
        "is_patient": True,
    }


class MailAsked(Event, service="auth", subject="digest", internal=True, heard_by=("auth.on_mail_asked",)):
    """A caller has requested a mail to an address, which may have no account. Internal: the event carries the address.

    Auth handles the event itself, so that the reply takes as long for an address without an account.
    """

    digest: str
    email: str
    purpose: Literal["verify", "reset"]
    example = {"digest": "9f86d081884c7d65", "email": "asha@example.org", "purpose": "reset"}


class CredentialsChanged(
    Event, service="auth", subject="user_id", internal=True, heard_by=("notify.on_credentials_changed",)
):
    """A password, an address or a second factor changed. Internal: the event carries the address.

    Notify mails the owner.
    """

    user_id: UUID
    email: EmailText
    name: str
    what: Credential
    example = {"user_id": ASHA, "email": "asha@example.org", "name": "Asha Rao", "what": "password"}


class SessionRevoked(Event, service="auth", subject="session_id", internal=True, broadcast=True):
    """A session has ended: from now on every process refuses its access tokens.

    Internal. Each process has its own queue for the event (`chassis.messaging.revocations`). `ends_at` is the time when
    the last access token of the session expires.
    """

    session_id: UUID
    user_id: UUID
    ends_at: datetime
    example = {
        "session_id": "01919c5e-0000-7000-8000-00000000000b",
        "user_id": ASHA,
        "ends_at": "2026-11-23T09:15:00+00:00",
    }


class SessionsEnded(
    Event, service="auth", subject="user_id", internal=True, heard_by=("scheduling.on_sessions_ended",)
):
    """All sessions of a person have ended, or all except the session of the caller.

    `session_revoked` also reports each session. This event is for links that outlive sessions, such as the calendar's.
    """

    user_id: UUID
    example = {"user_id": ASHA}


class RoleRevoked(
    Event, service="auth", subject="user_id", heard_by=("scheduling.on_role_revoked", "clinical.on_role_revoked")
):
    """A person has lost a role.

    `reassign_to` is the doctor who takes over a doctor's open appointments. Without it they are displaced.
    """

    user_id: UUID
    role: str
    reassign_to: UUID | None = None
    example = {"user_id": LENA, "role": "doctor", "reassign_to": None}


class UserDeactivated(
    Event,
    service="auth",
    subject="user_id",
    heard_by=("scheduling.on_user_deactivated", "clinical.on_user_deactivated"),
):
    """An account was deactivated: it cannot be used until an admin reactivates it.

    `reassign_to` is the doctor who takes over a doctor's open appointments. Without it they are displaced.
    """

    user_id: UUID
    reassign_to: UUID | None = None
    example = {"user_id": LENA, "reassign_to": None}


class UserReactivated(Event, service="auth", subject="user_id", for_outside=True):
    """An account was reactivated. For a doctor's account `doctor_approved` follows, with name and specialization."""

    user_id: UUID
    example = {"user_id": LENA}


class UserErased(
    Event,
    service="auth",
    subject="user_id",
    heard_by=(
        "scheduling.on_user_erased",
        "clinical.on_user_erased",
        "billing.on_user_erased",
        "notify.on_user_erased",
    ),
):
    """The personal data of an account were erased: subscribers delete their copies. The id stays valid.

    `reassign_to` is the doctor who takes over an erased doctor's open appointments, or null if there are none.
    """

    user_id: UUID
    reassign_to: UUID | None
    example = {"user_id": LENA, "reassign_to": None}
