"""Deliveries: asked for by events, claimed, and what becomes of them."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.auth.events import CredentialsChanged
from services.notify import deliveries
from services.notify.models.deliveries import LEASE, Delivery
from services.notify.models.directory import Contact
from services.notify.models.notifications import Notification
from tests.events import example_of
from tests.notify.factories import due, heard, mail

SYSTEM = Actor.system()


def _claimed(session: Session, delivery: Delivery) -> list[Delivery]:
    """Let this mail's time come, and claim what is due."""
    due(session, delivery)
    return deliveries.claim(session, SYSTEM)


def _ids(claimed: list[Delivery]) -> list[UUID]:
    return [delivery.id for delivery in claimed]


def test_an_issued_token_is_mailed_to_the_address_in_the_event(session: Session) -> None:
    delivery = mail(session, email="new@example.org")
    assert (delivery.recipient, delivery.template, delivery.state) == ("new@example.org", "verify", "pending")


def test_a_token_that_is_heard_of_twice_is_mailed_once(session: Session) -> None:
    actor, who = heard("mail_token_issued"), uuid7()
    for _time in range(2):
        mail(session, actor=actor, user_id=who)
    assert session.scalar(select(func.count()).where(Delivery.person_id == who)) == 1


def _credentials_changed(session: Session, actor: Actor, person: UUID, what: str = "password") -> None:
    deliveries.credentials_changed(
        session, actor, example_of(CredentialsChanged, user_id=person, email="old@example.org", what=what)
    )


def test_of_changed_credentials_one_is_told_at_the_address_in_the_event_and_in_the_app(session: Session) -> None:
    person = uuid7()
    _credentials_changed(session, heard("credentials_changed", subject=person), person)
    mailed = session.scalars(select(Delivery).where(Delivery.person_id == person)).one()
    told = session.scalars(select(Notification).where(Notification.person_id == person)).one()
    assert (mailed.recipient, mailed.template, mailed.content["what"]) == (
        "old@example.org",
        "credentials_changed",
        "password",
    )
    assert (told.kind, told.subject_id) == ("credentials_changed", person)


def test_of_changed_credentials_one_is_told_once(session: Session) -> None:
    person = uuid7()
    actor = heard("credentials_changed", subject=person)
    for _time in range(2):
        _credentials_changed(session, actor, person)
    for table in (Delivery, Notification):
        assert session.scalar(select(func.count()).select_from(table).where(table.person_id == person)) == 1


def test_nothing_is_mailed_to_somebody_who_has_been_erased(session: Session) -> None:
    person = uuid7()
    session.add(Contact(id=person, name="", changed_by=1, erased_at=clock.now()))
    session.flush()
    _credentials_changed(session, heard("credentials_changed", subject=person), person)
    assert session.scalar(select(func.count()).where(Delivery.person_id == person)) == 0


def test_the_message_id_is_of_our_domain(session: Session) -> None:
    delivery = mail(session)
    assert delivery.message_id == f"{delivery.id}@hospital.example"


def test_a_mail_is_due_at_once(session: Session) -> None:
    delivery = mail(session)
    assert _ids(deliveries.claim(session, SYSTEM)) == [delivery.id]


def test_a_claimed_mail_is_nobody_elses(session: Session) -> None:
    mail(session)
    deliveries.claim(session, SYSTEM)
    session.flush()
    assert deliveries.claim(session, SYSTEM) == []


def test_a_mail_whose_process_died_is_claimed_again(session: Session) -> None:
    delivery = mail(session)
    deliveries.claim(session, SYSTEM)
    assert _ids(_claimed(session, delivery)) == [delivery.id]


def test_a_sent_mail_is_never_claimed_again(session: Session) -> None:
    delivery = mail(session)
    deliveries.record(session, SYSTEM, _claimed(session, delivery), {delivery.id: None})
    session.flush()
    assert (delivery.state, deliveries.claim(session, SYSTEM)) == ("sent", [])


def test_a_failed_try_is_repeated_later(session: Session) -> None:
    delivery = mail(session)
    deliveries.record(session, SYSTEM, _claimed(session, delivery), {delivery.id: "ConnectionRefusedError"})
    assert delivery.state == "pending"
    assert delivery.next_try_at is not None
    assert timedelta(seconds=50) < delivery.next_try_at - clock.now() <= timedelta(minutes=1)


def test_a_mail_that_was_not_tried_comes_again_after_its_lease(session: Session) -> None:
    delivery = mail(session)
    deliveries.record(session, SYSTEM, _claimed(session, delivery), {})
    assert delivery.state == "sending"
    assert delivery.next_try_at is not None
    assert delivery.next_try_at > clock.now() + LEASE / 2


def test_a_process_that_comes_back_late_does_not_undo_what_another_did(session: Session) -> None:
    delivery = mail(session)
    _claimed(session, delivery)
    late = Delivery(id=delivery.id, attempts=1)
    _claimed(session, delivery)
    deliveries.record(session, SYSTEM, [late], {delivery.id: "TimeoutError"})
    assert (delivery.state, delivery.last_error) == ("sending", None)


def test_two_processes_never_claim_the_same_mail(database: Database) -> None:
    with database.begin() as session:
        mail_id = mail(session).id
    try:
        with database.begin() as one:
            assert _ids(deliveries.claim(one, SYSTEM)) == [mail_id]
            one.flush()
            if not database.is_sqlite:  # There the second would wait for the first, and find the mail claimed.
                with database.begin() as two:
                    assert deliveries.claim(two, SYSTEM) == []
    finally:
        with database.begin() as session:
            session.delete(session.get_one(Delivery, mail_id))
