"""Mails that events request."""

from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import CredentialsChanged
from contracts.billing.pay_links import PayLinkIssued
from services.notify import texts
from services.notify.deliveries.handlers import on_credentials_changed, on_pay_link_issued
from services.notify.models.deliveries import Delivery
from services.notify.models.directory import Contact
from services.notify.models.notifications import Notification
from tests.events import example_of
from tests.notify.factories import heard, mail


def _change_credentials(session: Session, actor: Actor, person: UUID, what: str = "password") -> None:
    facts = {"user_id": person, "email": "old@example.org", "what": what}
    on_credentials_changed(session, actor, example_of(CredentialsChanged, **facts))


def test_token_is_mailed_to_the_address_in_the_event(session: Session) -> None:
    delivery = mail(session, email="new@example.org")
    assert (delivery.recipient, delivery.template, delivery.state) == ("new@example.org", "verify", "pending")


def test_link_to_pay_is_mailed_to_the_patient(session: Session) -> None:
    event = example_of(PayLinkIssued, email="asha@example.org", patient_id=uuid7())
    on_pay_link_issued(session, heard(session, "pay_link_issued"), event)
    delivery = session.scalars(select(Delivery).where(Delivery.person_id == event.patient_id)).one()
    assert (delivery.recipient, delivery.template) == ("asha@example.org", "pay_link")
    assert f"/pay/{event.token}" in texts.of_mail(delivery.template, delivery.content)[1]


def test_token_is_mailed_once_when_the_event_is_repeated(session: Session) -> None:
    actor, person = heard(session, "mail_token_issued"), uuid7()
    for _time in range(2):
        mail(session, actor=actor, user_id=person)
    assert session.scalar(select(func.count()).where(Delivery.person_id == person)) == 1


def test_changed_credentials_are_announced_by_mail_and_in_the_app(session: Session) -> None:
    person = uuid7()
    _change_credentials(session, heard(session, "credentials_changed", subject=person), person)
    mailed = session.scalars(select(Delivery).where(Delivery.person_id == person)).one()
    row = session.scalars(select(Notification).where(Notification.person_id == person)).one()
    template, what = "credentials_changed", "password"
    assert (mailed.recipient, mailed.template, mailed.content["what"]) == ("old@example.org", template, what)
    assert (row.kind, row.subject_id) == ("credentials_changed", person)


def test_changed_credentials_are_announced_once_when_the_event_is_repeated(session: Session) -> None:
    person = uuid7()
    actor = heard(session, "credentials_changed", subject=person)
    for _time in range(2):
        _change_credentials(session, actor, person)
    for table in (Delivery, Notification):
        assert session.scalar(select(func.count()).select_from(table).where(table.person_id == person)) == 1


def test_erased_person_gets_no_mail(session: Session) -> None:
    person = uuid7()
    session.add(Contact(id=person, name="", changed_by=1, erased_at=clock.now()))
    session.flush()
    _change_credentials(session, heard(session, "credentials_changed", subject=person), person)
    assert session.scalar(select(func.count()).where(Delivery.person_id == person)) == 0


def test_message_id_has_the_domain_of_the_sender(session: Session) -> None:
    delivery = mail(session)
    assert delivery.message_id == f"{delivery.id}@hospital.example"
