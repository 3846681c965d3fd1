"""Notifications: who is told, and who reads them."""

from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.contract import Page
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import PrescriptionAdded
from contracts.notify.notifications import ListNotifications, ReadNotification
from contracts.scheduling.appointments.events import AppointmentRequested, AppointmentRescheduled
from services.notify.models.notifications import Notification
from services.notify.notifications import appointments
from services.notify.notifications import commands as notifications
from tests.events import example_of
from tests.notify.factories import heard, person, tell


def _prescribed(session: Session, patient_id: UUID, **fields: UUID) -> Notification:
    return tell(session, PrescriptionAdded, "patient_id", patient_id=patient_id, **fields)


def _list(session: Session, who: Actor, *, unread: bool = False, limit: int = 20, cursor: str | None = None) -> Page:
    return notifications.listing(
        session, who, ListNotifications(person_id=who.person, unread=unread, limit=limit, cursor=cursor)
    )


def _read(session: Session, who: Actor, notification_id: UUID) -> Notification:
    return notifications.read(session, who, ReadNotification(person_id=who.person, notification_id=notification_id))


def test_an_event_tells_the_person_whom_it_names(session: Session) -> None:
    doctor_id = uuid7()
    told = tell(session, AppointmentRequested, "doctor_id", doctor_id=doctor_id)
    assert (told.person_id, told.kind, told.is_read) == (doctor_id, "appointment_requested", False)


def test_a_notification_names_the_record_that_it_is_about(session: Session) -> None:
    prescription_id = uuid7()
    assert _prescribed(session, uuid7(), prescription_id=prescription_id).subject_id == prescription_id


def test_an_event_that_comes_twice_tells_once(session: Session) -> None:
    who, event_id = person(), uuid7()
    for _time in range(2):
        _prescribed(session, who.person, event_id=event_id)
    assert len(_list(session, who).items) == 1


def test_one_reads_ones_own_notifications_only(session: Session) -> None:
    mine, _others = _prescribed(session, (who := person()).person), _prescribed(session, uuid7())
    assert [told.id for told in _list(session, who).items] == [mine.id]


def test_nobody_lists_anothers_notifications(session: Session) -> None:
    with pytest.raises(NotFound):
        notifications.listing(
            session, person(), ListNotifications(person_id=uuid7(), unread=False, limit=20, cursor=None)
        )


def test_notifications_are_listed_newest_first_page_by_page(session: Session) -> None:
    who = person()
    ids = [_prescribed(session, who.person).id for _time in range(3)]
    one = _list(session, who, limit=2)
    two = _list(session, who, limit=2, cursor=one.next)
    assert [told.id for told in (*one.items, *two.items)] == ids[::-1]


def test_only_what_is_unread_is_listed_when_asked_so(session: Session) -> None:
    who = person()
    read, unread = _prescribed(session, who.person), _prescribed(session, who.person)
    _read(session, who, read.id)
    session.flush()
    assert [told.id for told in _list(session, who, unread=True).items] == [unread.id]


def test_the_list_says_what_has_been_read(session: Session) -> None:
    who = person()
    _read(session, who, _prescribed(session, who.person).id)
    session.flush()
    assert [told.is_read for told in _list(session, who).items] == [True]


def test_reading_twice_is_reading_once(session: Session) -> None:
    who = person()
    told = _prescribed(session, who.person)
    first = _read(session, who, told.id).read_at
    assert ReadNotification.returns.dump_one(_read(session, who, told.id))["is_read"]
    assert told.read_at == first


def test_nobody_reads_anothers_notification(session: Session) -> None:
    told = _prescribed(session, uuid7())
    with pytest.raises(NotFound):
        _read(session, person(), told.id)


def test_what_is_not_there_cannot_be_read(session: Session) -> None:
    with pytest.raises(NotFound):
        _read(session, person(), uuid7())


def test_an_event_may_tell_several_people_each_once(session: Session) -> None:
    event, actor = example_of(AppointmentRescheduled), heard("appointment_rescheduled")
    for _time in range(2):
        notifications.tells("patient_id", "doctor_id")(session, actor, event)
    assert [len(_list(session, person(one)).items) for one in (event.patient_id, event.doctor_id)] == [1, 1]


def test_the_doctor_who_has_lost_a_visit_is_told_that_once_and_not_where_it_is(session: Session) -> None:
    event, actor = example_of(AppointmentRescheduled), heard("appointment_rescheduled")
    for _time in range(2):
        appointments.rescheduled(session, actor, event)
    [told] = _list(session, person(event.former_doctor_id)).items
    assert (told.kind, told.message) == (
        "appointment_given_away",
        "A colleague has taken over one of your appointments.",
    )
    assert [len(_list(session, person(who)).items) for who in (event.patient_id, event.doctor_id)] == [1, 1]


def test_no_doctor_is_told_of_a_visit_that_stays(session: Session) -> None:
    event = example_of(AppointmentRescheduled, former_doctor_id=None)
    appointments.rescheduled(session, heard("appointment_rescheduled"), event)
    assert session.scalars(select(Notification.kind)).all() == ["appointment_rescheduled"] * 2


def test_an_event_of_before_there_was_a_former_doctor_is_told_as_well(session: Session) -> None:
    old = {name: value for name, value in AppointmentRescheduled.example.items() if name != "former_doctor_id"}
    event = AppointmentRescheduled.schema().load(old)
    appointments.rescheduled(session, heard("appointment_rescheduled"), event)
    assert session.scalars(select(Notification.kind)).all() == ["appointment_rescheduled"] * 2
