"""The revision of an account changes with everything its views show."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.errors import MatronError
from chassis.identity import NOBODY
from chassis.persistence.database import Session
from contracts.auth.accounts.administration import InvitePatient, ResetMfa, UpdateUser
from contracts.auth.accounts.commands import UpdateMe, VerifyEmail
from contracts.auth.mfa import ConfirmMfa, EndMfa
from contracts.auth.upgrades import DecideUpgrade
from services.auth import upgrades
from services.auth.accounts import administration, invitations
from services.auth.accounts import commands as accounts
from services.auth.mfa import enrolment
from services.auth.models.accounts import Account
from services.auth.sessions import logins
from tests.auth.admins import SOMEBODY, assign, erase
from tests.auth.credentials import change, move, reset
from tests.auth.factories import (
    PASSWORD,
    acting,
    asked,
    invited,
    new_account,
    new_email,
    registered,
    requested,
    started,
    token_of,
)

Move = Callable[[Session, Account], object]


def verify(session: Session, account: Account) -> None:
    """Use the link of the verification mail."""
    accounts.verify(session, NOBODY, VerifyEmail(token=asked(session, account.email, "verify")))


def move_to_another_address(session: Session, account: Account) -> None:
    """Request another address, and use its link."""
    move(session, account, new_email())
    accounts.verify(session, NOBODY, VerifyEmail(token=token_of(session)))


def be_approved(session: Session, account: Account) -> None:
    """Request the role nurse, and approve it as an admin."""
    asked_for = requested(session, account)
    session.flush()
    upgrades.decide(session, SOMEBODY, DecideUpgrade(request_id=asked_for.id, decision="approve", reason=None))


def enrol(session: Session, account: Account) -> None:
    """Set up a second factor."""
    app = started(session, account)
    enrolment.confirm(session, acting(account), ConfirmMfa(code=app.code(0)))


def end_factor(session: Session, account: Account) -> None:
    """Remove the second factor."""
    right = True
    enrolment.end(
        session, acting(account), logins.own_candidate(session, acting(account)), right, EndMfa(password=PASSWORD)
    )


def correct_invitation(session: Session, account: Account) -> None:
    """Repeat the invitation with another address."""
    invitations.invite(session, SOMEBODY, InvitePatient(patient_id=account.id, email=new_email()))


MOVES: dict[str, Move] = {
    "verify": verify,
    "reset": lambda session, account: reset(session, asked(session, account.email)),
    "change password": lambda session, account: change(session, acting(account)),
    "move": move_to_another_address,
    "invite again": correct_invitation,
    "profile": lambda session, account: accounts.update_me(session, acting(account), UpdateMe(phone="+4930901820")),
    "approve": be_approved,
    "enrol": enrol,
    "end factor": end_factor,
    "reset factor": lambda session, account: administration.reset_mfa(session, SOMEBODY, ResetMfa(user_id=account.id)),
    "roles": lambda session, account: assign(session, account, "patient", "pharmacist"),
    "demote": lambda session, account: assign(session, account, "patient"),
    "rename": lambda session, account: administration.update(
        session, SOMEBODY, UpdateUser(user_id=account.id, name="Asha R.")
    ),
    "deactivate": lambda session, account: administration.update(
        session, SOMEBODY, UpdateUser(user_id=account.id, status="deactivated")
    ),
    "reactivate": lambda session, account: administration.update(
        session, SOMEBODY, UpdateUser(user_id=account.id, status="active")
    ),
    "erase": erase,
}
BEGINNINGS: dict[str, Callable[[Session], Account]] = {
    "ready": new_account,
    "registered": lambda session: registered(session, new_email()),
    "invited": lambda session: invited(session, new_email()),
}
EACH_CHANGES = [
    ("registered", ["verify"]),
    ("registered", ["reset"]),
    ("registered", ["move"]),
    ("invited", ["reset"]),
    ("invited", ["invite again"]),
    *(("ready", [one]) for one in ("move", "profile", "approve", "enrol", "roles", "rename", "deactivate", "erase")),
    *(("ready", ["enrol", one]) for one in ("end factor", "reset factor", "erase")),
    ("ready", ["roles", "demote"]),
    ("ready", ["deactivate", "reactivate"]),
]


def seen(session: Session, account: Account) -> dict[str, Any]:
    """The view of an account without its revision, and the revision."""
    session.flush()
    return accounts.account_view(session, account).given()


def moved(session: Session, account: Account, name: str) -> tuple[bool, bool]:
    """Whether the view has changed, and whether the revision has grown."""
    before = seen(session, account)
    try:
        with session.begin_nested():
            MOVES[name](session, account)
    except (MatronError, LookupError, AssertionError):
        session.expire_all()  # It was refused, no mail was sent, or no password is set: all has been rolled back.
    after = seen(session, account)
    grown = after.pop("revision") > before.pop("revision")
    return after != before, grown


@pytest.mark.parametrize(("beginning", "names"), EACH_CHANGES)
def test_revision_changes_with_each_kind_of_change(session: Session, beginning: str, names: list[str]) -> None:
    account = BEGINNINGS[beginning](session)
    assert [moved(session, account, name) for name in names][-1] == (True, True)


@given(beginning=st.sampled_from(sorted(BEGINNINGS)), names=st.lists(st.sampled_from(sorted(MOVES)), max_size=8))
@settings(max_examples=settings.default.max_examples // 2, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_revision_changes_with_every_visible_change(session: Session, beginning: str, names: list[str]) -> None:
    account = BEGINNINGS[beginning](session)
    for name in names:
        has_changed, has_grown = moved(session, account, name)
        assert has_grown or not has_changed, name
