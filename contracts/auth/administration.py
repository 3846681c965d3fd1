"""Accounts in the hands of admins, and invitations by the desk."""

from marshmallow import fields, validate

from chassis.contract import Command, PageQuery, Query, View, page_of
from contracts.audit import ADMINS, AuditPage, AuditQuery
from contracts.auth.accounts import AccountView
from contracts.auth.common import ACCOUNT_STATUSES, SPECIALIZATION, StatusView, address, person_name, some_roles
from contracts.roles import ANY_ROLE, DESK, STAFF, Role
from contracts.several import Ids

THE_ACCOUNT: dict[str, str] = {"description": "The account."}
IN_STATE: dict[str, str] = {"description": "Only accounts that stand so."}
A_PART: dict[str, str] = {"description": "A part of the name or the address, in any case."}
SUCCESSOR = {"description": "The doctor who takes over the open visits; those that do not fit there are displaced."}
DISPLACE = {"description": "The open visits lose their time, and their patients are told."}
WITH_ROLE: dict[str, str] = {"description": "Only accounts that have this role."}


class UserRowView(View):
    """An account in a list."""

    id = fields.UUID()
    email = fields.Email()
    name = fields.String()
    status = fields.String(validate=validate.OneOf(ACCOUNT_STATUSES))
    roles = some_roles()
    created_at = fields.AwareDateTime()


class DoctorRowView(UserRowView):
    """A doctor's account in a list; of a role given on the command line the specialization may not be known."""

    specialization = fields.String(allow_none=True)


class UserQuery(PageQuery):
    """Base of the lists of accounts: by id, by status, and by a part of name or address, without case."""

    ids = Ids(load_default=None, data_key="id")
    status = fields.String(load_default=None, validate=validate.OneOf(ACCOUNT_STATUSES), metadata=IN_STATE)
    text = fields.String(load_default=None, validate=validate.Length(2, 200), metadata=A_PART)


class ListUsers(UserQuery):
    """All accounts, newest first; by id, by role, by status, and by a part of name or address, without case."""

    service, roles, returns = "auth", ADMINS, page_of(UserRowView)
    role = fields.String(load_default=None, validate=validate.OneOf(sorted(Role)), metadata=WITH_ROLE)


class ListStaff(UserQuery):
    """Accounts of the staff, newest first; by id, role and status, and by a part of name or address, without case."""

    service, roles, returns = "auth", ADMINS, page_of(UserRowView)
    role = fields.String(load_default=None, validate=validate.OneOf(sorted(STAFF)), metadata=WITH_ROLE)


class ListDoctorAccounts(UserQuery):
    """Accounts of doctors, newest first; by id, by status, and by a part of name or address, without case."""

    service, roles, returns = "auth", ADMINS, page_of(DoctorRowView)


class GetUser(Query):
    """Somebody's account.

    NotFound: `not_found`.
    """

    service, roles, returns = "auth", ADMINS, AccountView
    user_id = fields.UUID(required=True, metadata=THE_ACCOUNT)


class UpdateUser(Command):
    """Deactivate an account, which ends its sessions at once, or reactivate it; or correct its name.

    A doctor with open visits is deactivated when another doctor, `reassign_to`, takes them over, or with `displace`.
    The refusal names the visits. Reactivating gives none back. NotFound: `not_found`. Stale: `stale`. Conflict:
    `last_admin`, `erased`, `has_open_visits`. Invalid: `not_a_doctor`.
    """

    service, roles, returns, revised = "auth", ADMINS, AccountView, True
    user_id = fields.UUID(required=True, metadata=THE_ACCOUNT)
    status = fields.String(validate=validate.OneOf(["active", "deactivated"]))
    name = person_name()
    reassign_to = fields.UUID(load_default=None, allow_none=True, metadata=SUCCESSOR)
    displace = fields.Boolean(load_default=False, metadata=DISPLACE)


class AssignRoles(Command):
    """Give somebody just these roles. Losing one ends the person's sessions at once.

    A new doctor needs a specialization. A doctor with open visits loses that role when another doctor, `reassign_to`,
    takes them over, or with `displace`. The refusal names the visits. NotFound: `not_found`. Forbidden: `own_roles`
    (nobody gives himself a role). Conflict: `last_admin`, `account_not_active`, `has_open_visits`. Invalid:
    `not_a_doctor`. Stale: `stale`.
    """

    service, roles, returns, revised = "auth", ADMINS, AccountView, True
    user_id = fields.UUID(required=True, metadata=THE_ACCOUNT)
    assigned = fields.List(
        fields.String(validate=validate.OneOf(sorted(Role))),
        required=True,
        data_key="roles",
        validate=validate.Length(1, 7),
    )
    specialization = fields.String(load_default=None, allow_none=True, validate=SPECIALIZATION)
    reassign_to = fields.UUID(load_default=None, allow_none=True, metadata=SUCCESSOR)
    displace = fields.Boolean(load_default=False, metadata=DISPLACE)


class EraseUser(Command):
    """Destroy an account's personal data and credentials for ever; its id stays, so that what it wrote has an author.

    So are those of a patient who was registered at the desk and has no account yet.
    A doctor with open visits goes only when another one, `reassign_to`, takes them over; the refusal names them.
    NotFound: `not_found`. Conflict: `last_admin`, `has_open_visits`, `erased`. Invalid: `not_a_doctor`. Unavailable:
    `events_unsent`.
    """

    service, roles, returns = "auth", ADMINS, StatusView
    user_id = fields.UUID(required=True, metadata=THE_ACCOUNT)
    reassign_to = fields.UUID(load_default=None, allow_none=True, metadata=SUCCESSOR)


class ResetMfa(Command):
    """Take away the second factor of somebody who has lost it. The person's sessions end.

    NotFound: `not_found`. Forbidden: `own_mfa` (one's own is ended with one's password). Conflict: `mfa_not_enabled`.
    """

    service, roles, returns = "auth", ADMINS, StatusView
    user_id = fields.UUID(required=True, metadata=THE_ACCOUNT)


class InvitePatient(Command):
    """Open an account, with the same id, for a patient who was registered at the desk; a link goes to the address.

    It is good for seven days; inviting again sends a new one. NotFound: `not_found`. Conflict: `email_taken`,
    `has_account`. TooMany: `mails_used_up` (five an hour; nothing changes then, and the last link goes on working).
    """

    service, roles, returns = "auth", DESK, StatusView
    patient_id = fields.UUID(required=True, metadata={"description": "Who was registered at the desk."})
    email = address()


class NoteRefusal(Command):
    """Write down that the gateway refused the caller an action for want of a role, and on which record."""

    service, roles, returns, keyed, enrolling = "auth", ANY_ROLE, StatusView, False, True
    action = fields.String(required=True, validate=validate.Length(1, 100))
    record_id = fields.UUID(load_default=None, allow_none=True)


class ListAudit(AuditQuery):
    """What was done in auth."""

    service, roles, returns = "auth", ADMINS, AuditPage
