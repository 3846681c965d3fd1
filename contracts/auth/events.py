"""What auth says: facts that other services and other systems act on."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from chassis.event import Event
from contracts.texts import EmailText

ASHA, LENA = "01919c5e-0000-7000-8000-000000000001", "01919c5e-0000-7000-8000-000000000002"


class Credential(StrEnum):
    """What a person signs in with, where it has changed."""

    PASSWORD = "password"  # noqa: S105  a kind, no secret
    EMAIL = "email"
    MFA_ENABLED = "mfa_enabled"
    MFA_DISABLED = "mfa_disabled"
    RECOVERY_CODES = "recovery_codes"


class TokenPurpose(StrEnum):
    """What a mailed link is for."""

    VERIFY = "verify"
    RESET = "reset"
    INVITE = "invite"


class UserRegistered(
    Event,
    service="auth",
    subject="user_id",
    internal=True,
    heard_by=("notify.on_user_registered", "clinical.on_user_registered", "scheduling.on_user_registered"),
):
    """Somebody has an account. Internal: it carries contact details.

    `is_patient`: the account has the patient's role, without which nobody has a patient's record.
    """

    user_id: UUID
    email: EmailText
    name: str
    is_patient: bool = True
    example = {"user_id": ASHA, "email": "asha@example.org", "name": "Asha Rao", "is_patient": True}


class MailTokenIssued(
    Event, service="auth", subject="user_id", internal=True, heard_by=("notify.on_mail_token_issued",)
):
    """A secret link is to be sent. Internal: it carries the secret."""

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
    """An address has been shown to be its owner's."""

    user_id: UUID
    example = {"user_id": ASHA}


class RoleGranted(Event, service="auth", subject="user_id", for_outside=True):
    """A person has a role from now on."""

    user_id: UUID
    role: str
    example = {"user_id": LENA, "role": "doctor"}


class UpgradeRequested(Event, service="auth", subject="request_id", for_outside=True):
    """Somebody asks for a role."""

    request_id: UUID
    user_id: UUID
    role: str
    example = {
        "request_id": "01919c5e-0000-7000-8000-000000000009",
        "user_id": LENA,
        "role": "doctor",
    }


class UpgradeDecided(Event, service="auth", subject="request_id", heard_by=("notify.on_upgrade_decided",)):
    """An admin has decided about a request for a role."""

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
    Event, service="auth", subject="doctor_id", heard_by=("scheduling.on_doctor_approved", "billing.on_doctor_approved")
):
    """A person is a doctor of the hospital. Name and specialization are directory facts."""

    doctor_id: UUID
    name: str
    specialization: str
    example = {
        "doctor_id": LENA,
        "name": "Dr Lena Weiss",
        "specialization": "cardiology",
    }


class StaffApproved(Event, service="auth", subject="user_id", heard_by=("scheduling.on_staff_approved",)):
    """A person is one of the hospital's staff.

    Said again of each such role that is left when one is taken, or an account is reactivated: so the last word of this,
    `role_revoked`, `user_deactivated` and `user_erased` says whether somebody works here.
    """

    user_id: UUID
    role: str
    example = {"user_id": "01919c5e-0000-7000-8000-000000000003", "role": "nurse"}


class UserUpdated(
    Event,
    service="auth",
    subject="user_id",
    internal=True,
    heard_by=("notify.on_user_updated", "clinical.on_user_updated", "scheduling.on_user_updated"),
):
    """Contact details or preferences have changed, or the account became a patient's. Internal: it carries them.

    `phone_changed_at`: when the phone number became this one, or was taken away; null while it has never been told.
    `is_patient`: the account has, or has had, the patient's role, without which nobody has a patient's record.
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
    """Somebody asks for a mail to an address, which may have an account. Internal: it carries the address.

    Auth hears it itself, so that the asking takes as long for an address without account.
    """

    digest: str
    email: str
    purpose: Literal["verify", "reset"]
    example = {"digest": "9f86d081884c7d65", "email": "asha@example.org", "purpose": "reset"}


class CredentialsChanged(
    Event, service="auth", subject="user_id", internal=True, heard_by=("notify.on_credentials_changed",)
):
    """A password, an address or a second factor has changed: its owner is told. Internal: it carries the address."""

    user_id: UUID
    email: EmailText
    name: str
    what: Credential
    example = {"user_id": ASHA, "email": "asha@example.org", "name": "Asha Rao", "what": "password"}


class SessionRevoked(Event, service="auth", subject="session_id", internal=True, broadcast=True):
    """A session has ended: its access tokens count no more, from this moment on.

    Internal; every process hears it in a queue of its own (`chassis.messaging.revocations`). `ends_at` is when the last
    of its access tokens ends anyway.
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
    """Somebody's sessions have ended at once, all of them or all but the one that asked for it.

    Each of them is told of by `session_revoked`; this is for what else they may have opened, such as links that stay.
    """

    user_id: UUID
    example = {"user_id": ASHA}


class RoleRevoked(Event, service="auth", subject="user_id", heard_by=("scheduling.on_role_revoked",)):
    """A person has a role no longer.

    `reassign_to` is the doctor who takes over the open visits of a doctor; those of one without are displaced.
    """

    user_id: UUID
    role: str
    reassign_to: UUID | None = None
    example = {"user_id": LENA, "role": "doctor", "reassign_to": None}


class UserDeactivated(Event, service="auth", subject="user_id", heard_by=("scheduling.on_user_deactivated",)):
    """An account cannot be used until it is reactivated.

    `reassign_to` is the doctor who takes over the open visits of a doctor; those of one without are displaced.
    """

    user_id: UUID
    reassign_to: UUID | None = None
    example = {"user_id": LENA, "reassign_to": None}


class UserReactivated(Event, service="auth", subject="user_id", for_outside=True):
    """An account can be used again. Its directory facts, if it is a doctor's, are said again by `doctor_approved`."""

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
    """An account's personal data are gone for ever: everybody drops their copies. The id goes on meaning the person.

    `reassign_to` is the doctor who takes over the open visits of an erased one; null where there are none.
    """

    user_id: UUID
    reassign_to: UUID | None
    example = {"user_id": LENA, "reassign_to": None}
