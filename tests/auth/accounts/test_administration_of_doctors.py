"""Deactivation and demotion of a doctor with open visits."""

from collections.abc import Callable
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Invalid
from chassis.persistence.database import Session
from contracts.auth.accounts.administration import UpdateUser
from contracts.auth.accounts.commands import AccountView
from contracts.auth.events import RoleRevoked, UserDeactivated
from services.auth.accounts import administration
from services.auth.models.accounts import Account
from tests.auth.admins import SOMEBODY, assign, deactivate, doctor_with_visit, new_doctor
from tests.auth.factories import new_account, said

Leave = Callable[..., dict[str, Any]]


def deactivated(session: Session, account: Account, **how: Any) -> AccountView:
    """Deactivate an account as an admin."""
    return administration.update(session, SOMEBODY, UpdateUser(user_id=account.id, status="deactivated", **how))


def relieved(session: Session, account: Account, **how: Any) -> AccountView:
    """Demote an account to a patient as an admin."""
    return assign(session, account, "patient", **how)


both_ways = pytest.mark.parametrize("leave", [deactivated, relieved])


@both_ways
def test_doctor_with_open_visits_is_refused_with_their_ids(session: Session, leave: Leave) -> None:
    account, visit = doctor_with_visit(session)
    with pytest.raises(Conflict, match="has_open_visits") as refused:
        leave(session, account)
    assert refused.value.facts == {"appointment_ids": [str(visit)]}


@both_ways
@pytest.mark.parametrize("whose", ["own", "unknown", "patient", "deactivated"])
def test_successor_must_be_another_active_doctor(session: Session, leave: Leave, whose: str) -> None:
    account, _visit = doctor_with_visit(session)
    gone = new_doctor(session)
    deactivate(session, gone, account)
    ids = {"own": account.id, "unknown": uuid7(), "patient": new_account(session).id, "deactivated": gone.id}
    with pytest.raises(Invalid, match="not_a_doctor"):
        leave(session, account, reassign_to=ids[whose], displace=True)


@pytest.mark.parametrize(("leave", "event"), [(deactivated, UserDeactivated), (relieved, RoleRevoked)])
def test_event_names_the_successor(session: Session, leave: Leave, event: Any) -> None:
    (account, _visit), other = doctor_with_visit(session), new_doctor(session)
    leave(session, account, reassign_to=other.id)
    assert [told["reassign_to"] for told in said(session, event)] == [other.id]


@pytest.mark.parametrize(("leave", "event"), [(deactivated, UserDeactivated), (relieved, RoleRevoked)])
def test_doctor_leaves_without_successor_when_displace_is_set(session: Session, leave: Leave, event: Any) -> None:
    account, _visit = doctor_with_visit(session)
    leave(session, account, displace=True)
    assert [told["reassign_to"] for told in said(session, event)] == [None]


def test_doctor_with_open_visits_may_get_other_roles(session: Session) -> None:
    account, _visit = doctor_with_visit(session)
    assert assign(session, account, "doctor", "patient").roles == ["doctor", "patient"]


def test_second_deactivation_ignores_late_events_about_visits(session: Session) -> None:
    account, _visit = doctor_with_visit(session)
    deactivated(session, account, displace=True)
    assert deactivated(session, account).status == "deactivated"
