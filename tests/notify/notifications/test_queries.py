"""Lists of notifications."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.contract import Page
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import PrescriptionAdded
from contracts.notify.notifications import ListNotifications, ReadNotification
from services.notify.models.notifications import Notification
from services.notify.notifications import commands, queries
from tests.notify.factories import notification, person


def _prescribed(session: Session, patient_id: UUID) -> Notification:
    return notification(session, PrescriptionAdded, "patient_id", patient_id=patient_id)


def _list(session: Session, reader: Actor, *, unread: bool = False, limit: int = 20, cursor: str | None = None) -> Page:
    query = ListNotifications(person_id=reader.person, unread=unread, limit=limit, cursor=cursor)
    return queries.list_own(session, reader, query)


def _read(session: Session, reader: Actor, row: Notification) -> None:
    commands.mark_read(session, reader, ReadNotification(person_id=reader.person, notification_id=row.id))
    session.flush()


def test_list_holds_only_own_notifications(session: Session) -> None:
    reader = person()
    own, _others = _prescribed(session, reader.person), _prescribed(session, uuid7())
    assert [row.id for row in _list(session, reader).items] == [own.id]


def test_list_of_another_person_is_refused(session: Session) -> None:
    query = ListNotifications(person_id=uuid7(), unread=False, limit=20, cursor=None)
    with pytest.raises(NotFound):
        queries.list_own(session, person(), query)


def test_list_has_newest_first_page_by_page(session: Session) -> None:
    reader = person()
    ids = [_prescribed(session, reader.person).id for _time in range(3)]
    one = _list(session, reader, limit=2)
    two = _list(session, reader, limit=2, cursor=one.next)
    assert [row.id for row in (*one.items, *two.items)] == ids[::-1]


def test_list_of_unread_notifications_omits_read_notifications(session: Session) -> None:
    reader = person()
    read, unread = _prescribed(session, reader.person), _prescribed(session, reader.person)
    _read(session, reader, read)
    assert [row.id for row in _list(session, reader, unread=True).items] == [unread.id]


def test_list_marks_read_notifications(session: Session) -> None:
    reader = person()
    _read(session, reader, _prescribed(session, reader.person))
    assert [row.is_read for row in _list(session, reader).items] == [True]
