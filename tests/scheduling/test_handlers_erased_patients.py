"""A patient is erased: what they wrote is gone, and what they had still before them is called off."""

import pytest

from chassis.errors import NotFound
from chassis.persistence.database import Session
from contracts.auth.events import UserErased
from contracts.scheduling.appointments.events import AppointmentCancelled
from services.scheduling import handlers
from services.scheduling.models.appointments import Appointment
from tests.events import example_of
from tests.scheduling.appointments.test_handover import after, erase
from tests.scheduling.factories import at, book, doctor, heard, history, patient, said


@pytest.mark.parametrize("status", ["requested", "booked", "displaced"])
def test_what_an_erased_patient_had_still_before_them_is_called_off(session: Session, status: str) -> None:
    who, asking = doctor(session), patient()
    visit = book(session, who, actor=asking, reason="my knee")
    session.get_one(Appointment, visit["id"]).status = status
    session.flush()
    erase(session, asking)
    assert after(session, visit) == (who.person, "cancelled", 2)
    [told] = said(session, AppointmentCancelled)
    assert (told["appointment_id"], told["by"]) == (visit["id"], "patient")
    assert session.get_one(Appointment, visit["id"]).status_reason is None
    assert history(session, visit)[-1] == (2, "cancelled", None)


@pytest.mark.parametrize("status", ["arrived", "in_progress", "fulfilled", "no_show"])
def test_an_erased_patient_who_is_there_or_was_keeps_the_visit(session: Session, status: str) -> None:
    who, asking = doctor(session), patient()
    visit, others = book(session, who, actor=asking), book(session, who, starts_at=at(hour=11))
    session.get_one(Appointment, visit["id"]).status = status
    session.flush()
    erase(session, asking)
    assert [after(session, one)[1:] for one in (visit, others)] == [(status, 1), ("requested", 1)]


def test_what_an_erased_patient_wrote_is_gone_and_the_visit_is_not(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit, others = book(session, who, actor=asking, reason="my knee"), book(session, who, starts_at=at(hour=11))
    session.get_one(Appointment, others["id"]).reason = "my elbow"
    session.flush()
    erase(session, asking)
    session.expire_all()
    assert [session.get_one(Appointment, one["id"]).reason for one in (visit, others)] == [None, "my elbow"]


def test_an_erased_patient_asks_for_no_visit(session: Session) -> None:
    who, asking = doctor(session), patient()
    handlers.on_user_erased(session, heard(session, 9), example_of(UserErased, user_id=asking.person, reassign_to=None))
    with pytest.raises(NotFound) as refused:
        book(session, who, actor=asking, reason="my knee")
    assert refused.value.detail == "There is no such patient."
    assert session.query(Appointment).filter_by(patient_id=asking.person).all() == []
