"""Roles of people, and the events about them."""

from collections.abc import Collection
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, select

from chassis import clock
from chassis.identity import Actor
from chassis.messaging import inbox
from chassis.persistence.database import Session, refusing
from contracts.auth.accounts.administration import LAST_ADMIN
from contracts.auth.accounts.commands import AccountStatus
from contracts.auth.events import AdminChanged, DoctorApproved, RoleGranted, RoleRevoked, StaffApproved
from contracts.auth.upgrades import ALREADY_GRANTED
from contracts.roles import STAFF, Role
from services.auth.models.accounts import Account
from services.auth.models.grants import Grant

WEEKS = UUID("01919c5e-0000-7000-8000-0000000000f2")
"""The namespace of the ids of weeks."""


def in_force(session: Session, user_id: UUID) -> list[Grant]:
    """The grants of a person that are not revoked, by role."""
    query = select(Grant).where(Grant.user_id == user_id, Grant.revoked_at.is_(None)).order_by(Grant.role)
    return list(session.scalars(query))


def roles_of(session: Session, user_id: UUID) -> list[Role]:
    """The current roles of a person, by name."""
    query = select(Grant.role).where(Grant.user_id == user_id, Grant.revoked_at.is_(None)).order_by(Grant.role)
    return [Role(role) for role in session.scalars(query)]


def has_had(session: Session, user_id: UUID, role: Role) -> bool:
    """Whether a person has or had the role."""
    query = select(Grant.id).where(Grant.user_id == user_id, Grant.role == role)
    return bool(session.scalar(select(query.exists())))


def grant_role(
    session: Session, account: Account, role: str, *, by: UUID | None, specialization: str | None = None
) -> None:
    """Grant a role to a person. Only the role doctor has a specialization."""
    given = Grant(user_id=account.id, role=role, granted_by=by, granted_at=clock.now())
    given.specialization = specialization if role == Role.DOCTOR else None
    with refusing(session, {"uq_role_grant_user_id_role": ALREADY_GRANTED}):
        session.add(given)
    session.publish(RoleGranted(user_id=account.id, role=role))
    if role == Role.ADMIN:
        publish_admin(session, account)


def revoke_roles(
    session: Session, account: Account, roles: Collection[str], *, by: UUID | None, reassign_to: UUID | None = None
) -> None:
    """Revoke roles of a person. `reassign_to` is the doctor who takes over a doctor's appointments.

    The caller must end the sessions, because their tokens still name the roles.
    """
    for grant in in_force(session, account.id):
        if grant.role in roles:
            grant.revoked_at, grant.revoked_by = clock.now(), by
            successor = reassign_to if grant.role == Role.DOCTOR else None
            session.publish(RoleRevoked(user_id=account.id, role=grant.role, reassign_to=successor))
            if grant.role == Role.ADMIN:
                session.publish(AdminChanged(user_id=account.id, is_admin=False))


def publish_approved(session: Session, account: Account, role: str, *, specialization: str | None) -> None:
    """Publish a new doctor, who must have a specialization, or a new member of the staff."""
    if role == Role.DOCTOR:
        if specialization is None:
            raise ValueError("a doctor has a specialization")
        session.publish(DoctorApproved(doctor_id=account.id, name=account.name, specialization=specialization))
    elif role in STAFF:
        session.publish(StaffApproved(user_id=account.id, role=role))


def publish_admin(session: Session, account: Account) -> None:
    """Publish whether an account with the role admin can be used. Other accounts were never published as admins."""
    if Role.ADMIN in roles_of(session, account.id):
        is_usable = account.status not in (AccountStatus.DEACTIVATED, AccountStatus.ERASED)
        session.publish(AdminChanged(user_id=account.id, is_admin=is_usable))


def publish_admins(session: Session, _actor: Actor) -> None:
    """Publish all admins once a week, for subscribers that are newer than the change."""
    year, week, _day = clock.now().isocalendar()
    if inbox.claim(session, uuid5(WEEKS, f"{year}-{week}"), "auth.publish_admins"):
        held = Grant.role == Role.ADMIN, Grant.revoked_at.is_(None), Account.status == AccountStatus.ACTIVE
        query = select(Account.id).join(Grant, Account.id == Grant.user_id).where(*held).order_by(Account.id)
        for user_id in session.scalars(query.with_for_update()):
            session.publish(AdminChanged(user_id=user_id, is_admin=True))


def republish_doctor(session: Session, account: Account) -> None:
    """Publish the name and specialization of a doctor again, if the account is active."""
    query = select(Grant.specialization).where(
        Grant.user_id == account.id, Grant.role == Role.DOCTOR, Grant.revoked_at.is_(None)
    )
    found = session.execute(query).first()
    # A role given on the command line before auth stored specializations has none here; other services have it.
    if found is not None and found.specialization is not None and account.status == AccountStatus.ACTIVE:
        publish_approved(session, account, Role.DOCTOR, specialization=found.specialization)


def republish_staff(session: Session, account: Account) -> None:
    """Publish the staff roles of a person again, if the account is active.

    Subscribers delete their copy of a person at each revoked role and at a deactivation.
    """
    for role in roles_of(session, account.id) if account.status == AccountStatus.ACTIVE else ():
        if role in STAFF:
            publish_approved(session, account, role, specialization=None)


def correct_specialization(session: Session, account: Account, specialization: str | None) -> bool:
    """Correct a doctor's specialization if the given value differs. Returns whether it did."""
    grant = next(held for held in in_force(session, account.id) if held.role == Role.DOCTOR)
    if specialization in (None, grant.specialization):
        return False
    grant.specialization = specialization
    republish_doctor(session, account)
    return True


def is_active_doctor(session: Session, user_id: UUID) -> bool:
    """Whether the person is an active doctor."""
    return _exists(session, Role.DOCTOR, Account.id == user_id)


def must_leave_an_admin(session: Session, account: Account) -> None:
    """Refuse with `last_admin` if the account is the last active admin. Requires the lock of `administration.locked`.

    The audit names the account.
    """
    this = Account.id == account.id
    if _exists(session, Role.ADMIN, this) and not _exists(session, Role.ADMIN, ~this):
        refusal = LAST_ADMIN()
        refusal.noted = {"record_id": account.id}
        raise refusal


def _exists(session: Session, role: Role, which: ColumnElement[bool]) -> bool:
    """Whether an active account among these has the role."""
    query = select(Grant.id).join(Account, Account.id == Grant.user_id)
    query = query.where(Grant.role == role, Grant.revoked_at.is_(None), Account.status == AccountStatus.ACTIVE, which)
    return bool(session.scalar(select(query.exists())))
