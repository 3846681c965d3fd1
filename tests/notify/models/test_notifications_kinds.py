"""Kinds of notifications: each has a text and the type of its subject."""

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.event import Event, events_of
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import PrescriptionAdded
from contracts.notify.notifications import (
    SUBJECT_OF,
    ListNotifications,
    NotificationKind,
    NotificationSubject,
    NotificationView,
)
from gateway.documents import openapi
from gateway.service import GatewayService
from services.notify import texts
from services.notify.models.notifications import Notification
from services.notify.notifications import queries
from tests.notify.factories import NOON, notification, person

NAMED = {
    "swap": "shift_swap",
    "request": "upgrade_request",
    "user": "account",
    "order": "lab_order",
    "result": "lab_result",
}
"""Subjects whose name differs from the field of their event."""


def test_every_kind_has_a_text() -> None:
    blocks = texts._templates.get_template(f"{texts.LANGUAGE}/{texts.NOTIFICATIONS}.jinja").blocks
    assert set(NotificationKind) == set(SUBJECT_OF) == set(blocks)


@pytest.mark.parametrize(
    "event", [one for one in events_of() if one.event_name() in set(NotificationKind)], ids=lambda one: one.__name__
)
def test_kind_has_the_subject_of_its_event(event: type[Event]) -> None:
    subject = event.subject.removesuffix("_id")
    assert SUBJECT_OF[NotificationKind(event.event_name())] == NAMED.get(subject, subject)


def test_notification_shows_the_type_of_its_subject(session: Session) -> None:
    reader = person()
    one = notification(session, PrescriptionAdded, "patient_id", patient_id=reader.person)
    listed = queries.list_own(
        session, reader, ListNotifications(person_id=reader.person, unread=False, limit=20, cursor=None)
    )
    shown = NotificationView.dump_one(listed.items[0])
    assert (shown["subject_type"], shown["subject_id"], one.subject_type) == (
        "prescription", one.subject_id, "prescription",
    )  # fmt: skip


@pytest.mark.parametrize("kind", NotificationKind)
def test_database_and_program_agree_on_the_subject_type(session: Session, kind: NotificationKind) -> None:
    ids = {name: uuid7() for name in ("event_id", "person_id", "subject_id")}
    row = Notification(**ids, kind=kind, message="Hello.", created_at=NOON)
    session.add(row)
    session.flush()
    found = session.scalar(select(Notification.subject_type).where(Notification.id == row.id))
    assert found == row.subject_type == SUBJECT_OF[kind]


def test_openapi_document_lists_kinds_and_subjects() -> None:
    schemas = openapi.document(GatewayService)["components"]["schemas"]
    assert set(schemas["NotificationKind"]["enum"]) == set(NotificationKind)
    assert set(schemas["NotificationSubject"]["enum"]) == set(NotificationSubject)
