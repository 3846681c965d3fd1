"""Administration of accounts: lists, deactivation, roles, second factors."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from chassis.refusals import WRONG_FIELDS
from contracts.auth.accounts.administration import (
    OWN_MFA,
    OWN_ROLES,
    AssignRoles,
    DoctorRowView,
    GetUser,
    ListDoctorAccounts,
    ListStaff,
    ListUsers,
    ResetMfa,
    UpdateUser,
    UserQuery,
)
from contracts.auth.accounts.commands import AccountStatus, AccountView
from contracts.auth.events import Credential, CredentialsChanged, UserDeactivated, UserReactivated
from contracts.auth.outcomes import Outcome, StatusView
from contracts.auth.refusals import MFA_NOT_ENABLED, NO_SUCH_ACCOUNT
from contracts.roles import STAFF, Role
from services.auth import grants, mail_tokens
from services.auth.accounts import commands as accounts
from services.auth.directory import open_appointments
from services.auth.mfa import codes as mfa
from services.auth.models.accounts import Account
from services.auth.models.grants import Grant
from services.auth.sessions import commands as sessions

LISTED = (Account.id, Account.email, Account.name, Account.status, Account.created_at)
ADMINS = 7_305_816_174
"""The advisory lock of every command that may remove the last admin, so that two admins cannot remove each other."""


def listing(session: Session, _actor: Actor, query: ListUsers) -> Page:
    """All accounts, newest first."""
    return _filtered_page(session, None if query.role is None else [query.role], query)


def list_staff(session: Session, _actor: Actor, query: ListStaff) -> Page:
    """The accounts of the staff, or of a single staff role, newest first."""
    return _filtered_page(session, STAFF if query.role is None else [query.role], query)


def list_doctors(session: Session, _actor: Actor, query: ListDoctorAccounts) -> Page:
    """The accounts of doctors, newest first."""
    return _filtered_page(session, [Role.DOCTOR], query)


def _filtered_page(session: Session, roles: Iterable[str] | None, asked: UserQuery) -> Page:
    """A page of the accounts with any of the roles, in two statements.

    SQLite ignores case only in ASCII letters.
    """
    query = select(*LISTED)
    if roles is not None:
        held = select(Grant.user_id).where(Grant.role.in_(sorted(roles)), Grant.revoked_at.is_(None))
        query = query.where(Account.id.in_(held))
    if asked.ids is not None:
        query = query.where(Account.id.in_(asked.ids))
    if asked.status is not None:
        query = query.where(Account.status == asked.status)
    if asked.text is not None:
        in_address = Account.email_key.contains(asked.text.casefold(), autoescape=True)
        is_erased = Account.status == AccountStatus.ERASED
        query = query.where((in_address & ~is_erased) | Account.name.icontains(asked.text, autoescape=True))
    found = page(session, query, (Account.created_at, Account.id), limit=asked.limit, cursor=asked.cursor)
    return Page(_with_roles(session, found.items), found.next)


def _with_roles(session: Session, rows: Sequence[Row[UUID, str, str, str, datetime]]) -> list[DoctorRowView]:
    """Add roles and specializations to the rows of `LISTED`. The lists of all accounts show no specialization."""
    found = {row.id: DoctorRowView(**row._asdict(), roles=[], specialization=None) for row in rows}
    query = select(Grant.user_id, Grant.role, Grant.specialization).order_by(Grant.role)
    for user_id, role, specialization in session.execute(
        query.where(Grant.user_id.in_(found), Grant.revoked_at.is_(None))
    ):
        found[user_id].roles.append(Role(role))
        if role == Role.DOCTOR:
            found[user_id].specialization = specialization
    return list(found.values())


def get(session: Session, _actor: Actor, query: GetUser) -> AccountView:
    """Get an account."""
    return accounts.account_view(session, _must_exist(session.get(Account, query.user_id)))


def locked(session: Session, user_id: UUID) -> Account:
    """The account, locked. No other admin can change any account before the commit."""
    session.lock(ADMINS)
    return _must_exist(session.get(Account, user_id, with_for_update=True))


def _must_exist(account: Account | None) -> Account:
    if account is None:
        raise NO_SUCH_ACCOUNT()
    return account


def update(session: Session, _actor: Actor, command: UpdateUser) -> AccountView:
    """Deactivate or reactivate an account, or correct its name. Equal values leave the revision unchanged."""
    account = locked(session, command.user_id)
    session.call.expects(account.revision)
    account.must_not_be_erased()
    if command.name:
        accounts.change_profile(session, account, {"name": command.name})
    before = account.status
    if command.status == "deactivated" and before != AccountStatus.DEACTIVATED:
        open_appointments.check_handover(session, account, command.reassign_to, displace=command.displace)
        _deactivate(session, account, command.reassign_to)
    if command.status == "active" and before == AccountStatus.DEACTIVATED:
        _reactivate(session, account)
    session.note(details={"status": [before, account.status]} if account.status != before else None)
    return accounts.account_view(session, account)


def _deactivate(session: Session, account: Account, reassign_to: UUID | None) -> None:
    grants.must_leave_an_admin(session, account)
    account.deactivate()
    sessions.end_all(session, account.id)
    mail_tokens.end_all(session, account)
    session.publish(UserDeactivated(user_id=account.id, reassign_to=reassign_to))
    grants.publish_admin(session, account)


def _reactivate(session: Session, account: Account) -> None:
    account.reactivate()
    session.publish(UserReactivated(user_id=account.id))
    grants.republish_doctor(session, account)
    grants.republish_staff(session, account)
    grants.publish_admin(session, account)


def assign_roles(session: Session, actor: Actor, command: AssignRoles) -> AccountView:
    """Set the roles of a person, and correct a doctor's specialization. A lost role ends all sessions."""
    account = locked(session, command.user_id)
    session.call.expects(account.revision)
    held, wanted = set(grants.roles_of(session, account.id)), set(command.assigned)
    specialization = (command.specialization or "").strip() or None
    corrected = Role.DOCTOR in held & wanted and grants.correct_specialization(session, account, specialization)
    if held != wanted:
        if Role.DOCTOR in held - wanted:
            open_appointments.check_handover(session, account, command.reassign_to, displace=command.displace)
        _revoke(session, actor, account, held - wanted, command.reassign_to)
        _grant(session, actor, account, sorted(wanted - held), specialization)
    if held != wanted or corrected:
        account.changed()
        session.note(details={"granted": sorted(wanted - held), "revoked": sorted(held - wanted)})
    return accounts.account_view(session, account)


def _grant(session: Session, actor: Actor, account: Account, roles: list[Role], specialization: str | None) -> None:
    if roles and account.id == actor.person:
        raise OWN_ROLES()
    if Role.DOCTOR in roles and specialization is None:
        errors = {"specialization": ["A new doctor needs one."]}
        raise WRONG_FIELDS(errors=errors)
    for role in roles:
        account.must_be_active()
        grants.grant_role(session, account, role, by=actor.person, specialization=specialization)
        grants.publish_approved(session, account, role, specialization=specialization)
    if Role.PATIENT in roles:
        accounts.publish_updated(session, account)


def _revoke(session: Session, actor: Actor, account: Account, roles: set[Role], reassign_to: UUID | None) -> None:
    if Role.ADMIN in roles:
        grants.must_leave_an_admin(session, account)
    if roles:
        grants.revoke_roles(session, account, roles, by=actor.person, reassign_to=reassign_to)
        sessions.end_all(session, account.id)
    if not roles.isdisjoint(STAFF):
        grants.republish_staff(session, account)


def reset_mfa(session: Session, actor: Actor, command: ResetMfa) -> StatusView:
    """Remove a lost second factor. The owner gets a mail."""
    if command.user_id == actor.person:
        raise OWN_MFA()
    account = locked(session, command.user_id)
    session.note(record_id=account.id)
    if not mfa.is_enabled(session, account.id):
        raise MFA_NOT_ENABLED()
    mfa.reset(session, account.id)
    account.changed()
    sessions.end_all(session, account.id)
    session.publish(
        CredentialsChanged(user_id=account.id, email=account.email, name=account.name, what=Credential.MFA_DISABLED)
    )
    return StatusView(status=Outcome.MFA_DISABLED)
