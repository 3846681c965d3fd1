"""Deliveries that are claimed, and what becomes of them."""

from datetime import timedelta
from uuid import UUID

from chassis import clock
from chassis.identity import SYSTEM
from chassis.persistence.database import Database, Session
from services.notify.deliveries import timers
from services.notify.models.deliveries import LEASE, Delivery
from tests.notify.factories import mail, make_due


def _claimed(session: Session, delivery: Delivery) -> list[Delivery]:
    """Make this mail due, and claim the mails that are due."""
    make_due(session, delivery)
    return timers.claim_due(session, SYSTEM)


def _ids(claimed: list[Delivery]) -> list[UUID]:
    return [delivery.id for delivery in claimed]


def test_new_mail_is_due_immediately(session: Session) -> None:
    delivery = mail(session)
    assert _ids(timers.claim_due(session, SYSTEM)) == [delivery.id]


def test_claimed_mail_is_not_claimed_again(session: Session) -> None:
    mail(session)
    timers.claim_due(session, SYSTEM)
    session.flush()
    assert timers.claim_due(session, SYSTEM) == []


def test_mail_of_a_dead_process_is_claimed_again(session: Session) -> None:
    delivery = mail(session)
    timers.claim_due(session, SYSTEM)
    assert _ids(_claimed(session, delivery)) == [delivery.id]


def test_sent_mail_is_never_claimed_again(session: Session) -> None:
    delivery = mail(session)
    timers.record_outcomes(session, SYSTEM, _claimed(session, delivery), {delivery.id: None})
    session.flush()
    assert (delivery.state, timers.claim_due(session, SYSTEM)) == ("sent", [])


def test_failed_attempt_is_repeated_after_a_minute(session: Session) -> None:
    delivery = mail(session)
    timers.record_outcomes(session, SYSTEM, _claimed(session, delivery), {delivery.id: "ConnectionRefusedError"})
    assert delivery.state == "pending"
    assert delivery.next_try_at is not None
    assert timedelta(seconds=50) < delivery.next_try_at - clock.now() <= timedelta(minutes=1)


def test_mail_without_an_attempt_is_due_after_its_lease(session: Session) -> None:
    delivery = mail(session)
    timers.record_outcomes(session, SYSTEM, _claimed(session, delivery), {})
    assert delivery.state == "sending"
    assert delivery.next_try_at is not None
    assert delivery.next_try_at > clock.now() + LEASE / 2


def test_late_process_does_not_overwrite_a_newer_claim(session: Session) -> None:
    delivery = mail(session)
    _claimed(session, delivery)
    late = Delivery(id=delivery.id, attempts=1)
    _claimed(session, delivery)
    timers.record_outcomes(session, SYSTEM, [late], {delivery.id: "TimeoutError"})
    assert (delivery.state, delivery.last_error) == ("sending", None)


def test_two_processes_never_claim_the_same_mail(database: Database) -> None:
    with database.begin() as session:
        mail_id = mail(session).id
    try:
        with database.begin() as one:
            assert _ids(timers.claim_due(one, SYSTEM)) == [mail_id]
            one.flush()
            if not database.is_sqlite:  # On SQLite the second waits for the first, and finds the mail claimed.
                with database.begin() as two:
                    assert timers.claim_due(two, SYSTEM) == []
    finally:
        with database.begin() as session:
            session.delete(session.get_one(Delivery, mail_id))
