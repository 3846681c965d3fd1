"""Accounts: commands and queries of admins, and invitations by the desk."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, Query, View, page_of
from chassis.errors import Conflict, Forbidden, Invalid
from chassis.refusals import EVENTS_UNSENT, Refusal
from contracts.audit import ADMINS
from contracts.auth.accounts.commands import AccountStatus, AccountView
from contracts.auth.fields import EmailAddress, PersonName
from contracts.auth.outcomes import StatusView
from contracts.auth.refusals import ACCOUNT_NOT_ACTIVE, EMAIL_TAKEN, MAILS_USED_UP, MFA_NOT_ENABLED
from contracts.auth.upgrades import SPECIALIZATION
from contracts.roles import ANY_ROLE, DESK, STAFF, Role
from contracts.several import Ids
from contracts.texts import EmailText
from records.fields import OMITTED, Key, Omitted

ACCOUNT_ERASED = Refusal(
    Conflict, "erased", "The account is erased.", "The account is erased. An erasure cannot be undone."
)
HAS_ACCOUNT = Refusal(
    Conflict,
    "has_account",
    "This patient already has an account.",
    "The patient already has an account and needs no invitation.",
)
HAS_OPEN_VISITS = Refusal(
    Conflict,
    "has_open_visits",
    "The doctor has open appointments: name a doctor who takes them over.",
    "The doctor has open appointments, listed in `appointment_ids`. Name another doctor with `reassign_to`. "
    "A deactivation or a change of roles also accepts `displace`: the appointments lose their time.",
)
LAST_ADMIN = Refusal(
    Conflict,
    "last_admin",
    "This is the last admin. Appoint another admin first.",
    "The account is the last active admin. Appoint another admin first.",
)
NOT_A_DOCTOR = Refusal(
    Invalid,
    "not_a_doctor",
    "This doctor cannot take the appointments over.",
    "`reassign_to` is not another active doctor.",
)
OWN_MFA = Refusal(
    Forbidden,
    "own_mfa",
    "Another admin must reset your second factor. You can also remove it with your password.",
    "Admins cannot reset their own second factor. Another admin resets it, or the admin removes it with the password "
    "if no role requires it.",
)
OWN_ROLES = Refusal(
    Forbidden,
    "own_roles",
    "Another admin must give you this role.",
    "Admins cannot give themselves a role: another admin must. Admins may drop their own roles.",
)
THE_ACCOUNT = "The account."
SUCCESSOR = "The doctor who takes over the open appointments. Appointments that do not fit are displaced."
DISPLACE = "The open appointments lose their time, and the patients are notified."
IN_STATE = "Only accounts with this status."
A_PART = "Part of the name or the address; case is ignored."
WITH_ROLE = "Only accounts with this role."


class UserRowView(View):
    """An account in a list."""

    id: UUID
    email: EmailText
    name: str
    status: AccountStatus
    roles: list[Role]
    created_at: datetime


class DoctorRowView(UserRowView):
    """A doctor's account in a list. The specialization is null if the role was given without it on the command line."""

    specialization: str | None


class UserQuery(PageQuery):
    """Base of the lists of accounts: filters by id, status, and part of name or address."""

    ids: Annotated[Ids, Key("id")] | None = None
    status: Annotated[AccountStatus, IN_STATE] | None = None
    text: Annotated[str, validate.Length(2, 200), A_PART] | None = None


class ListUsers(UserQuery, service="auth", roles=ADMINS, returns=page_of(UserRowView)):
    """List all accounts, newest first. Filter by id, role, status, and part of name or address."""

    role: Annotated[Role, WITH_ROLE] | None = None


class ListStaff(UserQuery, service="auth", roles=ADMINS, returns=page_of(UserRowView)):
    """List the accounts of the staff, newest first. Filter by id, role, status, and part of name or address."""

    role: Annotated[Role, validate.OneOf(sorted(STAFF)), WITH_ROLE] | None = None


class ListDoctorAccounts(UserQuery, service="auth", roles=ADMINS, returns=page_of(DoctorRowView)):
    """List the accounts of doctors, newest first. Filter by id, status, and part of name or address."""


class GetUser(Query, service="auth", roles=ADMINS, returns=AccountView):
    """Get an account."""

    user_id: Annotated[UUID, THE_ACCOUNT]


class UpdateUser(
    Command,
    service="auth",
    roles=ADMINS,
    returns=AccountView,
    revised=True,
    refuses=(
        LAST_ADMIN,
        ACCOUNT_ERASED,
        HAS_OPEN_VISITS,
        NOT_A_DOCTOR,
    ),
):
    """Deactivate or reactivate an account, or correct its name. A deactivation ends the sessions at once.

    A doctor with open appointments is deactivated only with `reassign_to` (another doctor) or `displace`. The refusal
    lists the appointments. A reactivation does not return them.
    """

    user_id: Annotated[UUID, THE_ACCOUNT]
    status: Literal["active", "deactivated"] | Omitted = OMITTED
    name: PersonName | Omitted = OMITTED
    reassign_to: Annotated[UUID, SUCCESSOR] | None = None
    displace: Annotated[bool, DISPLACE] = False


class AssignRoles(
    Command,
    service="auth",
    roles=ADMINS,
    returns=AccountView,
    revised=True,
    refuses=(
        OWN_ROLES,
        LAST_ADMIN,
        ACCOUNT_NOT_ACTIVE,
        HAS_OPEN_VISITS,
        NOT_A_DOCTOR,
    ),
):
    """Set the roles of a person to exactly these.

    A person who loses a role loses all sessions at once.

    A new doctor requires a specialization. A doctor with open appointments loses the role only with `reassign_to`
    (another doctor) or `displace`. The refusal lists the appointments.
    """

    user_id: Annotated[UUID, THE_ACCOUNT]
    assigned: Annotated[list[Role], validate.Length(1, 7), Key("roles")]
    specialization: Annotated[str, SPECIALIZATION] | None = None
    reassign_to: Annotated[UUID, SUCCESSOR] | None = None
    displace: Annotated[bool, DISPLACE] = False


class EraseUser(
    Command,
    service="auth",
    roles=ADMINS,
    returns=StatusView,
    refuses=(
        LAST_ADMIN,
        HAS_OPEN_VISITS,
        ACCOUNT_ERASED,
        NOT_A_DOCTOR,
        EVENTS_UNSENT,
    ),
):
    """Erase the personal data and credentials of an account. The id stays as the author of earlier records.

    The command also erases a patient without an account, registered at the desk. A doctor with open appointments
    is erased only with `reassign_to` (another doctor). The refusal lists the appointments.
    """

    user_id: Annotated[UUID, THE_ACCOUNT]
    reassign_to: Annotated[UUID, SUCCESSOR] | None = None


class ResetMfa(
    Command,
    service="auth",
    roles=ADMINS,
    returns=StatusView,
    refuses=(
        OWN_MFA,
        MFA_NOT_ENABLED,
    ),
):
    """Remove the second factor of a person who lost the device. The sessions of the person end."""

    user_id: Annotated[UUID, THE_ACCOUNT]


class InvitePatient(
    Command,
    service="auth",
    roles=DESK,
    returns=StatusView,
    refuses=(
        EMAIL_TAKEN,
        HAS_ACCOUNT,
        MAILS_USED_UP,
    ),
):
    """Create an account with the same id for a patient registered at the desk, and mail a link to the address.

    The link is valid for seven days. A repeated invitation sends a new link.
    """

    patient_id: Annotated[UUID, "The patient, registered at the desk."]
    email: EmailAddress


class NoteRefusal(Command, service="auth", roles=ANY_ROLE, returns=StatusView, keyed=False, enrolling=True):
    """Record in the audit that the gateway refused an action because the caller lacks a role."""

    action: Annotated[str, validate.Length(1, 100)]
    record_id: UUID | None = None
