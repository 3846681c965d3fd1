"""Accounts: creation, verification, profile."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import exists, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Invalid
from chassis.identity import Actor
from chassis.persistence.database import Session, refusing
from chassis.refusals import TOKEN_INVALID
from contracts.auth.accounts.commands import (
    NOT_PENDING_VERIFICATION,
    AccountStatus,
    AccountView,
    GetMe,
    RegisterPatient,
    UpdateMe,
    VerifyEmail,
)
from contracts.auth.events import (
    Credential,
    CredentialsChanged,
    TokenPurpose,
    UserRegistered,
    UserUpdated,
    UserVerified,
)
from contracts.auth.refusals import EMAIL_TAKEN
from contracts.auth.sessions import UserView
from contracts.moments import later_than
from contracts.roles import Role
from services.auth import grants, mail_tokens, rules
from services.auth.mfa import codes as mfa
from services.auth.models.accounts import Account
from services.auth.models.patients import DeskPatient

COPIED_FIELDS = frozenset({"name", "phone", "language", "timezone"})
"""The fields that other services copy, besides the address."""


def prepare(session: Session, _actor: Actor, command: RegisterPatient) -> dict[str, str]:
    """Check that the address is free, and choose the id of the account."""
    if session.scalar(select(exists().where(Account.email_key == rules.email_key(command.email)))):
        raise EMAIL_TAKEN()
    return {"user_id": str(uuid7())}


def register(
    session: Session, _actor: Actor, plan: dict[str, str], password_hash: str, command: RegisterPatient
) -> Account:
    """Create a patient's account and send the verification mail."""
    account = _new(command.email, command.name, password_hash, UUID(plan["user_id"]))
    _open(session, account, [Role.PATIENT], by=None)
    mail_tokens.issue(session, account, TokenPurpose.VERIFY)
    return account


def create_admin(session: Session, actor: Actor, *, email: str, password_hash: str, name: str) -> Account:
    """Create a verified admin."""
    return create_ready(session, actor, email=email, password_hash=password_hash, name=name, roles=[Role.ADMIN])


def create_ready(
    session: Session,
    actor: Actor,
    *,
    email: str,
    password_hash: str,
    name: str,
    roles: Iterable[str],
    specialization: str | None = None,
) -> Account:
    """Create an active account with these roles, and publish the events of an approval.

    A doctor needs a specialization.
    """
    account, roles = _new(email, name, password_hash, uuid7()), list(roles)
    account.verify(clock.now())
    account.revision = 1  # No caller has read an earlier revision.
    _open(session, account, roles, by=actor.id, specialization=specialization)
    session.publish(UserVerified(user_id=account.id))
    for role in roles:
        grants.publish_approved(session, account, role, specialization=specialization)
    return account


def create_invited(session: Session, actor: Actor, desk: DeskPatient, *, email: str) -> Account:
    """Create an account without a password for a patient of the desk."""
    account = _new(email, desk.name, "", desk.id)
    account.phone, account.phone_changed_at = desk.phone, desk.phone_changed_at
    _open(session, account, [Role.PATIENT], by=actor.id)
    return account


def create_for_erasure(session: Session, user_id: UUID) -> Account:
    """Create an empty account to erase, for a patient without an account. Publishes nothing."""
    account = _new("", "", "", user_id)
    account.email_key = f"erased:{user_id}"
    session.add(account)
    return account


def _new(email: str, name: str, password_hash: str, user_id: UUID) -> Account:
    return Account(
        id=user_id,
        email=email,
        email_key=rules.email_key(email),
        name=name,
        password_hash=password_hash,
        status=AccountStatus.PENDING_VERIFICATION,
        created_at=clock.now(),
        revision=1,
    )


def _open(
    session: Session, account: Account, roles: Iterable[str], *, by: UUID | None, specialization: str | None = None
) -> None:
    """Insert a new account with its roles, and publish it."""
    with refusing(session, {"uq_account_email_key": EMAIL_TAKEN}):
        session.add(account)
    roles = list(roles)
    is_patient = Role.PATIENT in roles
    session.publish(UserRegistered(user_id=account.id, email=account.email, name=account.name, is_patient=is_patient))
    for role in roles:
        grants.grant_role(session, account, role, by=by, specialization=specialization)


def verify(session: Session, _actor: Actor, command: VerifyEmail) -> Account:
    """Verify the address that got the mail. A new address replaces the old address."""
    try:
        kept = mail_tokens.redeem(session, command.token, TokenPurpose.VERIFY)
    except Invalid:
        _refuse_if_verified(session, command.token)
        raise
    account = session.get_one(Account, kept.user_id, with_for_update=True)
    session.note(actor_id=account.id, record_id=account.id)
    if kept.email not in (None, account.email):
        return _replace_address(session, account, kept.email)
    account.verify(clock.now())
    session.publish(UserVerified(user_id=account.id))
    return account


def _refuse_if_verified(session: Session, token: str) -> None:
    """Refuse with the reason if the address is already verified. Only its owner has the token, so nothing leaks."""
    kept = mail_tokens.find_mailed(session, token, TokenPurpose.VERIFY)
    account = session.get(Account, kept.user_id) if kept is not None else None
    if kept is not None and account is not None and account.is_verified and kept.email in (None, account.email):
        refusal = NOT_PENDING_VERIFICATION(state=account.status)
        refusal.noted = {"record_id": account.id}
        raise refusal


def _replace_address(session: Session, account: Account, email: str) -> Account:
    """Replace the address by a verified new address. Other links and second steps expire.

    The old address gets a mail, in case an attacker made the change.
    """
    if not account.may_sign_in:
        raise mail_tokens.not_valid(account.id)
    session.publish(
        CredentialsChanged(user_id=account.id, email=account.email, name=account.name, what=Credential.EMAIL)
    )
    set_address(session, account, email)
    if not account.is_verified:
        account.verify(clock.now())
        session.publish(UserVerified(user_id=account.id))
    return account


def set_address(session: Session, account: Account, email: str) -> None:
    """Set another address. Links sent to the earlier address expire."""
    with refusing(session, {"uq_account_email_key": EMAIL_TAKEN}):
        account.email, account.email_key = email, rules.email_key(email)
        account.changed()
    mail_tokens.end_all(session, account)
    publish_updated(session, account)


def update_me(session: Session, actor: Actor, command: UpdateMe) -> AccountView:
    """Change the given fields of the caller's profile."""
    account = session.get(Account, actor.person, with_for_update=True)
    if account is None or not account.may_sign_in:
        raise TOKEN_INVALID()
    session.call.expects(account.revision)
    change_profile(session, account, command.given())
    return account_view(session, account)


def change_profile(session: Session, account: Account, changes: Mapping[str, object]) -> None:
    """Write the fields that differ, and publish them. The account is locked."""
    differing = {name: value for name, value in changes.items() if getattr(account, name) != value}
    if not differing:
        return
    for name, value in differing.items():
        setattr(account, name, value)
    if "phone" in differing:
        account.phone_changed_at = later_than(account.phone_changed_at, clock.now())
    account.changed()
    if not COPIED_FIELDS.isdisjoint(differing):
        publish_updated(session, account)
    if "name" in differing:
        grants.republish_doctor(session, account)


def publish_updated(session: Session, account: Account) -> None:
    """Publish the fields that other services copy, and whether the account is a patient's."""
    facts = {name: getattr(account, name) for name in (*COPIED_FIELDS, "email", "phone_changed_at")}
    is_patient = grants.has_had(session, account.id, Role.PATIENT)
    session.publish(UserUpdated(user_id=account.id, is_patient=is_patient, **facts))


def get_own(session: Session, actor: Actor, _query: GetMe) -> AccountView:
    """The caller's account."""
    account = session.get(Account, actor.person)
    if account is None:
        raise TOKEN_INVALID()
    return account_view(session, account)


def account_view(session: Session, account: Account) -> AccountView:
    """The account with its roles, as its owner and admins see it."""
    return AccountView(
        id=account.id,
        email=account.email,
        name=account.name,
        phone=account.phone,
        locale=account.locale,
        language=account.language,
        timezone=account.timezone,
        status=AccountStatus(account.status),
        roles=grants.roles_of(session, account.id),
        mfa_enabled=mfa.is_enabled(session, account.id),
        created_at=account.created_at,
        revision=account.revision,
    )


def user_view(account: Account, roles: list[Role]) -> UserView:
    """The person who logged in."""
    return UserView(id=account.id, email=account.email, name=account.name, roles=roles)
