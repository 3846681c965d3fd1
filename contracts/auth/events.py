"""What auth says: facts that other services and other systems act on."""

from marshmallow import fields, validate

from chassis.event import Event

ASHA, LENA = "01919c5e-0000-7000-8000-000000000001", "01919c5e-0000-7000-8000-000000000002"
CREDENTIALS = ["password", "email", "mfa_enabled", "mfa_disabled", "recovery_codes"]
PURPOSES = ["verify", "reset", "invite"]


class UserRegistered(Event):
    """Somebody has an account. Internal: it carries contact details.

    `is_patient`: the account has the patient's role, without which nobody has a patient's record.
    """

    service, subject, internal = "auth", "user_id", True
    heard_by = ("notify.on_user_registered", "clinical.on_user_registered", "scheduling.on_user_registered")
    user_id = fields.UUID()
    email = fields.Email()
    name = fields.String()
    is_patient = fields.Boolean(load_default=True)
    example = {"user_id": ASHA, "email": "asha@example.org", "name": "Asha Rao", "is_patient": True}


class MailTokenIssued(Event):
    """A secret link is to be sent. Internal: it carries the secret."""

    service, subject, internal = "auth", "user_id", True
    heard_by = ("notify.on_mail_token_issued",)
    user_id = fields.UUID()
    email = fields.Email()
    name = fields.String()
    purpose = fields.String(validate=validate.OneOf(PURPOSES))
    token = fields.String()
    expires_at = fields.AwareDateTime()
    example = {
        "user_id": ASHA,
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
    example = {"user_id": ASHA}


class RoleGranted(Event):
    """A person has a role from now on."""

    service, subject, for_outside = "auth", "user_id", True
    user_id = fields.UUID()
    role = fields.String()
    example = {"user_id": LENA, "role": "doctor"}


class UpgradeRequested(Event):
    """Somebody asks for a role."""

    service, subject, for_outside = "auth", "request_id", True
    request_id = fields.UUID()
    user_id = fields.UUID()
    role = fields.String()
    example = {
        "request_id": "01919c5e-0000-7000-8000-000000000009",
        "user_id": LENA,
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
        "user_id": LENA,
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
        "doctor_id": LENA,
        "name": "Dr Lena Weiss",
        "specialization": "cardiology",
    }


class StaffApproved(Event):
    """A person is one of the hospital's staff.

    Said again of each such role that is left when one is taken, or an account is reactivated: so the last word of this,
    `role_revoked`, `user_deactivated` and `user_erased` says whether somebody works here.
    """

    service, subject = "auth", "user_id"
    heard_by = ("scheduling.on_staff_approved",)
    user_id = fields.UUID()
    role = fields.String()
    example = {"user_id": "01919c5e-0000-7000-8000-000000000003", "role": "nurse"}


class UserUpdated(Event):
    """Contact details or preferences have changed, or the account became a patient's. Internal: it carries them.

    `phone_changed_at`: when the phone number became this one, or was taken away; null while it has never been told.
    `is_patient`: the account has, or has had, the patient's role, without which nobody has a patient's record.
    """

    service, subject, internal = "auth", "user_id", True
    heard_by = ("notify.on_user_updated", "clinical.on_user_updated", "scheduling.on_user_updated")
    user_id = fields.UUID()
    email = fields.Email()
    name = fields.String()
    phone = fields.String(allow_none=True)
    language = fields.String(allow_none=True)
    timezone = fields.String(allow_none=True)
    phone_changed_at = fields.AwareDateTime(load_default=None, allow_none=True)
    is_patient = fields.Boolean(load_default=True)
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


class MailAsked(Event):
    """Somebody asks for a mail to an address, which may have an account. Internal: it carries the address.

    Auth hears it itself, so that the asking takes as long for an address without account.
    """

    service, subject, internal = "auth", "digest", True
    heard_by = ("auth.on_mail_asked",)
    digest = fields.String()
    email = fields.String()
    purpose = fields.String(validate=validate.OneOf(["verify", "reset"]))
    example = {"digest": "9f86d081884c7d65", "email": "asha@example.org", "purpose": "reset"}


class CredentialsChanged(Event):
    """A password, an address or a second factor has changed: its owner is told. Internal: it carries the address."""

    service, subject, internal = "auth", "user_id", True
    heard_by = ("notify.on_credentials_changed",)
    user_id = fields.UUID()
    email = fields.Email()
    name = fields.String()
    what = fields.String(validate=validate.OneOf(CREDENTIALS))
    example = {"user_id": ASHA, "email": "asha@example.org", "name": "Asha Rao", "what": "password"}


class SessionRevoked(Event):
    """A session has ended: its access tokens count no more, from this moment on.

    Internal; every process hears it in a queue of its own (`chassis.revocations`). `ends_at` is when the last of its
    access tokens ends anyway.
    """

    service, subject, internal, broadcast = "auth", "session_id", True, True
    session_id = fields.UUID()
    user_id = fields.UUID()
    ends_at = fields.AwareDateTime()
    example = {
        "session_id": "01919c5e-0000-7000-8000-00000000000b",
        "user_id": ASHA,
        "ends_at": "2026-11-23T09:15:00+00:00",
    }


class SessionsEnded(Event):
    """Somebody's sessions have ended at once, all of them or all but the one that asked for it.

    Each of them is told of by `session_revoked`; this is for what else they may have opened, such as links that stay.
    """

    service, subject, internal = "auth", "user_id", True
    heard_by = ("scheduling.on_sessions_ended",)
    user_id = fields.UUID()
    example = {"user_id": ASHA}


class RoleRevoked(Event):
    """A person has a role no longer.

    `reassign_to` is the doctor who takes over the open visits of a doctor; those of one without are displaced.
    """

    service, subject = "auth", "user_id"
    heard_by = ("scheduling.on_role_revoked",)
    user_id = fields.UUID()
    role = fields.String()
    reassign_to = fields.UUID(load_default=None, allow_none=True)
    example = {"user_id": LENA, "role": "doctor", "reassign_to": None}


class UserDeactivated(Event):
    """An account cannot be used until it is reactivated.

    `reassign_to` is the doctor who takes over the open visits of a doctor; those of one without are displaced.
    """

    service, subject = "auth", "user_id"
    heard_by = ("scheduling.on_user_deactivated",)
    user_id = fields.UUID()
    reassign_to = fields.UUID(load_default=None, allow_none=True)
    example = {"user_id": LENA, "reassign_to": None}


class UserReactivated(Event):
    """An account can be used again. Its directory facts, if it is a doctor's, are said again by `doctor_approved`."""

    service, subject, for_outside = "auth", "user_id", True
    user_id = fields.UUID()
    example = {"user_id": LENA}


class UserErased(Event):
    """An account's personal data are gone for ever: everybody drops their copies. The id goes on meaning the person.

    `reassign_to` is the doctor who takes over the open visits of an erased one; null where there are none.
    """

    service, subject = "auth", "user_id"
    heard_by = (
        "scheduling.on_user_erased",
        "clinical.on_user_erased",
        "billing.on_user_erased",
        "notify.on_user_erased",
    )
    user_id = fields.UUID()
    reassign_to = fields.UUID(allow_none=True)
    example = {"user_id": LENA, "reassign_to": None}
