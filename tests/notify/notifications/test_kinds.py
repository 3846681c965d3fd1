"""The kinds of notifications: each has its words, and says of what kind of record it tells."""

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.event import Event, events_of
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import PrescriptionAdded
from contracts.notify.notifications import SUBJECT_OF, ListNotifications, NotificationView
from gateway.documents import openapi
from gateway.service import GatewayService
from services.notify import wording
from services.notify.models.notifications import Notification
from services.notify.notifications import commands as notifications
from tests.notify.factories import NOON, person, tell

NAMED = {"swap": "shift_swap", "request": "upgrade_request", "user": "account"}
"""Types of records that an event's field calls otherwise."""


def test_kinds_are_those_that_have_words() -> None:
    blocks = wording._templates.get_template(f"{wording.LANGUAGE}/{wording.NOTIFICATIONS}.jinja").blocks
    assert set(SUBJECT_OF) == set(blocks)


@pytest.mark.parametrize(
    "event", [one for one in events_of() if one.event_name() in SUBJECT_OF], ids=lambda one: one.__name__
)
def test_kind_is_about_the_subject_of_its_event(event: type[Event]) -> None:
    subject = event.subject.removesuffix("_id")
    assert SUBJECT_OF[event.event_name()] == NAMED.get(subject, subject)


def test_notification_says_of_what_type_its_subject_is(session: Session) -> None:
    who = person()
    one = tell(session, PrescriptionAdded, "patient_id", patient_id=who.person)
    listed = notifications.listing(
        session, who, ListNotifications(person_id=who.person, unread=False, limit=20, cursor=None)
    )
    shown = NotificationView.dump_one(listed.items[0])
    assert (shown["subject_type"], shown["subject_id"], one.subject_type) == (
        "prescription", one.subject_id, "prescription",
    )  # fmt: skip


@pytest.mark.parametrize("kind", SUBJECT_OF)
def test_database_and_program_name_the_same_type(session: Session, kind: str) -> None:
    ids = {name: uuid7() for name in ("event_id", "person_id", "subject_id")}
    row = Notification(**ids, kind=kind, message="Hello.", created_at=NOON)
    session.add(row)
    session.flush()
    found = session.scalar(select(Notification.subject_type).where(Notification.id == row.id))
    assert found == row.subject_type == SUBJECT_OF[kind]


def test_openapi_document_lists_kinds_and_types() -> None:
    schemas = openapi.document(GatewayService)["components"]["schemas"]
    assert set(schemas["NotificationKind"]["enum"]) == set(SUBJECT_OF)
    assert set(schemas["NotificationSubject"]["enum"]) == set(SUBJECT_OF.values())
