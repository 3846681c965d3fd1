"""Accounts in the hands of admins, and invitations by the desk."""

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

ACCOUNT_ERASED = Refusal(Conflict, "erased", "The account has been erased.", "The account has been erased, for ever.")
HAS_ACCOUNT = Refusal(
    Conflict,
    "has_account",
    "This patient has an account already.",
    "The patient has an account already, and needs no invitation.",
)
HAS_OPEN_VISITS = Refusal(
    Conflict,
    "has_open_visits",
    "The doctor has visits: say who takes them over.",
    "The doctor has visits to keep, `appointment_ids` says which: `reassign_to` names who takes them over. "
    "To deactivate the doctor or take the role, `displace` has them lose their time.",
)
LAST_ADMIN = Refusal(
    Conflict,
    "last_admin",
    "This is the last admin: make another one first.",
    "Nobody else could do an admin's work: make another admin first.",
)
NOT_A_DOCTOR = Refusal(
    Invalid,
    "not_a_doctor",
    "Nobody there can take the visits over.",
    "`reassign_to` is not another doctor who can be visited.",
)
OWN_MFA = Refusal(
    Forbidden,
    "own_mfa",
    "Another admin takes your second factor away; or you, with your password.",
    "An admin does not take their own second factor away: another admin does, or they with "
    "their password where no role requires it.",
)
OWN_ROLES = Refusal(
    Forbidden,
    "own_roles",
    "Another admin gives you roles.",
    "Nobody gives himself a role: another admin must. Dropping one's own is allowed.",
)
THE_ACCOUNT = "The account."
SUCCESSOR = "The doctor who takes over the open visits; those that do not fit there are displaced."
DISPLACE = "The open visits lose their time, and their patients are told."
IN_STATE = "Only accounts that stand so."
A_PART = "A part of the name or the address, in any case."
WITH_ROLE = "Only accounts that have this role."


class UserRowView(View):
    """An account in a list."""

    id: UUID
    email: EmailText
    name: str
    status: AccountStatus
    roles: list[Role]
    created_at: datetime


class DoctorRowView(UserRowView):
    """A doctor's account in a list; of a role given on the command line the specialization may not be known."""

    specialization: str | None


class UserQuery(PageQuery):
    """Base of the lists of accounts: by id, by status, and by a part of name or address, without case."""

    ids: Annotated[Ids, Key("id")] | None = None
    status: Annotated[AccountStatus, IN_STATE] | None = None
    text: Annotated[str, validate.Length(2, 200), A_PART] | None = None


class ListUsers(UserQuery, service="auth", roles=ADMINS, returns=page_of(UserRowView)):
    """All accounts, newest first; by id, by role, by status, and by a part of name or address, without case."""

    role: Annotated[Role, WITH_ROLE] | None = None


class ListStaff(UserQuery, service="auth", roles=ADMINS, returns=page_of(UserRowView)):
    """Accounts of the staff, newest first; by id, role and status, and by a part of name or address, without case."""

    role: Annotated[Role, validate.OneOf(sorted(STAFF)), WITH_ROLE] | None = None


class ListDoctorAccounts(UserQuery, service="auth", roles=ADMINS, returns=page_of(DoctorRowView)):
    """Accounts of doctors, newest first; by id, by status, and by a part of name or address, without case."""


class GetUser(Query, service="auth", roles=ADMINS, returns=AccountView):
    """Somebody's account."""

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
    """Deactivate an account, which ends its sessions at once, or reactivate it; or correct its name.

    A doctor with open visits is deactivated when another doctor, `reassign_to`, takes them over, or with `displace`.
    The refusal names the visits. Reactivating gives none back.
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
    """Give somebody just these roles.

    Losing one ends the person's sessions at once.

    A new doctor needs a specialization. A doctor with open visits loses that role when another doctor, `reassign_to`,
    takes them over, or with `displace`. The refusal names the visits.
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
    """Destroy an account's personal data and credentials for ever; its id stays, so that what it wrote has an author.

    So are those of a patient who was registered at the desk and has no account yet. A doctor with open visits goes only
    when another one, `reassign_to`, takes them over; the refusal names them.
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
    """Take away the second factor of somebody who has lost it. The person's sessions end."""

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
    """Open an account, with the same id, for a patient who was registered at the desk; a link goes to the address.

    It is good for seven days; inviting again sends a new one.
    """

    patient_id: Annotated[UUID, "Who was registered at the desk."]
    email: EmailAddress


class NoteRefusal(Command, service="auth", roles=ANY_ROLE, returns=StatusView, keyed=False, enrolling=True):
    """Write down that the gateway refused the caller an action for want of a role, and on which record."""

    action: Annotated[str, validate.Length(1, 100)]
    record_id: UUID | None = None
