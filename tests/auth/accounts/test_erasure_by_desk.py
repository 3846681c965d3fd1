"""Patients without an account are erased like those with an account."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Invalid, NotFound, NotYet
from chassis.persistence.database import Database, Session
from chassis.persistence.tables import audit
from contracts.auth.accounts.administration import EraseUser
from contracts.auth.events import UserErased, UserRegistered
from services.auth.accounts import erasure
from services.auth.models.accounts import Account
from services.auth.models.patients import DeskPatient
from services.auth.service import AuthService
from tests.auth.admins import SOMEBODY, admin
from tests.auth.calls import as_
from tests.auth.desk import invite, remembered
from tests.auth.factories import hear_of_patient, new_email, said, together
from tests.auth.stored import everything


def erase(session: Session, patient_id: UUID, reassign_to: UUID | None = None) -> Any:
    """Erase as an admin."""
    done = erasure.erase(session, SOMEBODY, EraseUser(user_id=patient_id, reassign_to=reassign_to))
    session.flush()
    return done


def test_erasure_leaves_no_personal_data(session: Session) -> None:
    patient_id = remembered(session, name="Canary Rao")
    session.flush()
    assert "canary" in everything(session)
    assert erase(session, patient_id).status == "erased"
    assert "canary" not in everything(session)
    assert session.get(DeskPatient, patient_id) is None


def test_erasure_is_published_without_a_registration(session: Session) -> None:
    patient_id = remembered(session)
    erase(session, patient_id)
    assert said(session, UserErased) == [{"user_id": patient_id, "reassign_to": None}]
    assert said(session, UserRegistered) == []


def test_erasure_keeps_the_id_without_login(session: Session) -> None:
    patient_id = remembered(session)
    erase(session, patient_id)
    account = session.get_one(Account, patient_id)
    assert (account.status, account.email, account.name, account.may_sign_in) == ("erased", "", "", False)


def test_patient_is_erased_once(session: Session) -> None:
    patient_id = remembered(session)
    erase(session, patient_id)
    with pytest.raises(Conflict) as refusal:
        erase(session, patient_id)
    assert refusal.value.code == "erased"


def test_erased_patient_is_neither_invited_nor_copied_again(session: Session) -> None:
    patient_id = remembered(session)
    erase(session, patient_id)
    remembered(session, patient_id)
    assert session.get(DeskPatient, patient_id) is None
    with pytest.raises(NotFound) as refusal:
        invite(session, patient_id, new_email())
    assert not isinstance(refusal.value, NotYet)


def test_successor_must_be_a_doctor(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        erase(session, remembered(session), reassign_to=uuid7())
    assert refusal.value.code == "not_a_doctor"


def test_audit_names_the_erased_patient(database: Database) -> None:
    with database.begin() as session:
        patient_id, by = remembered(session), admin(session)
    AuthService.erase_user(as_(database, by), user_id=str(patient_id))
    with database.read() as session:
        row = session.execute(
            select(audit).where(audit.c.action == "erase_user", audit.c.record_id == patient_id)
        ).one()
    assert (row.actor_id, row.allowed) == (by.id, True)


def test_concurrent_invitation_and_erasure_end_in_an_erasure(database: Database) -> None:
    with database.begin() as session:
        patient_id = remembered(session)

    def do(work: Any) -> None:
        with database.begin() as session:
            work(session)

    outcomes = together(
        lambda: do(lambda session: invite(session, patient_id, new_email())),
        lambda: do(lambda session: erase(session, patient_id)),
    )
    assert outcomes in (["done", "done"], ["not_found", "done"])
    with database.read() as session:
        assert session.get_one(Account, patient_id).status == "erased"


def test_late_event_does_not_restore_an_erased_patient(session: Session) -> None:
    patient_id = remembered(session)
    erase(session, patient_id)
    hear_of_patient(session, patient_id, name="Canary Rao", phone=None)
    assert "canary" not in everything(session)
