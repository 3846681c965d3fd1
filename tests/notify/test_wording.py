"""The words of notifications and mails."""

from datetime import timedelta
from typing import Any

import pytest
from jinja2 import UndefinedError

from chassis.event import Event
from contracts.auth.events import CredentialsChanged, UpgradeDecided
from contracts.billing.invoices import InvoiceIssued, InvoiceVoided, RefundDue
from contracts.billing.payments import PaymentFailed, PaymentReceived
from contracts.clinical.prescriptions import PrescriptionAdded
from contracts.scheduling.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentDisplaced,
    AppointmentExpired,
    AppointmentMissed,
    AppointmentRejected,
    AppointmentRequested,
    AppointmentRescheduled,
    PatientArrived,
    VisitCompleted,
    VisitCompletionUndone,
)
from contracts.scheduling.shifts.events import ShiftAssigned, ShiftChanged
from contracts.scheduling.shifts.swaps import SwapAnswered, SwapAsked, SwapDecided, SwapEnded
from contracts.scheduling.tasks import TaskAssigned, TaskChanged, TaskClosed
from services.notify import wording
from tests.events import example_of
from tests.notify.factories import NOON

LINES: dict[type[Event], str] = {
    AppointmentRequested: "A patient asks you for a visit on Monday 23 November 2026, 14:30.",
    AppointmentBooked: "Your visit on Monday 23 November 2026, 14:30 is agreed.",
    AppointmentRescheduled: (
        "A visit of yours has changed: it is on Monday 23 November 2026, 14:30, please look at who keeps it, and where."
    ),
    AppointmentDisplaced: (
        "The doctor cannot keep your visit on Monday 23 November 2026, 14:30. Please choose another time."
    ),
    AppointmentRejected: (
        "The doctor cannot take your visit on Monday 23 November 2026, 14:30. Please choose another time."
    ),
    AppointmentCancelled: "The visit on Monday 23 November 2026, 14:30 is cancelled.",
    AppointmentExpired: (
        "Nobody agreed in time to the visit on Monday 23 November 2026, 14:30: it does not take place."
    ),
    AppointmentMissed: "You have missed your visit on Monday 23 November 2026, 14:30.",
    PatientArrived: "The patient of Monday 23 November 2026, 14:30 has arrived.",
    VisitCompleted: "Your visit on Monday 23 November 2026, 14:30 is over.",
    VisitCompletionUndone: (
        "The visit on Monday 23 November 2026, 14:30 was recorded as completed by mistake. It takes place as booked."
    ),
    ShiftAssigned: "You have a new shift: it begins on Monday 23 November 2026, 11:30.",
    ShiftChanged: "Your shift of Monday 23 November 2026, 11:30 is on another ward.",
    SwapAsked: ("You are asked to take a shift of somebody else's, which begins on Monday 23 November 2026, 11:30."),
    SwapAnswered: ("Somebody is willing to take your shift of Monday 23 November 2026, 11:30: an admin decides now."),
    SwapDecided: "The swap of the shift of Monday 23 November 2026, 11:30 was refused.",
    SwapEnded: (
        "The swap of the shift of Monday 23 November 2026, 11:30 does not take place: it was not decided in time."
    ),
    TaskAssigned: "You have a new task: it is urgent.",
    TaskChanged: ("A task of yours has changed: it is urgent, and it is due on Monday 23 November 2026, 22:30."),
    TaskClosed: "A task that you gave is done.",
    CredentialsChanged: "Your password has been changed. If it was not you, tell the hospital.",
    UpgradeDecided: "Your request for the role of doctor was approved.",
    PrescriptionAdded: "You have a new prescription.",
    InvoiceIssued: "You have a new invoice of 80.00 EUR.",
    InvoiceVoided: "Your invoice of 80.00 EUR is void: you have nothing to pay.",
    RefundDue: (
        "The hospital owes you 80.00 EUR, which you paid for a visit that was recorded as completed by mistake."
    ),
    PaymentReceived: "Your payment of 80.00 EUR has arrived.",
    PaymentFailed: "Your payment of 80.00 EUR has failed. You can try again.",
}


@pytest.mark.parametrize(("event", "line"), LINES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_each_event_is_told_in_one_line(event: type[Event], line: str) -> None:
    assert wording.of_notification(event.event_name(), example_of(event).data) == line


TIMES = {"starts_at": NOON, "ends_at": NOON + timedelta(hours=8)}
FROM_TO = "it is from Monday 23 November 2026, 17:30 to Tuesday 24 November 2026, 01:30."


@pytest.mark.parametrize(
    ("status", "changed", "line"),
    [
        ("assigned", ["person_id"], "You have a shift that was somebody else's: it begins on {}."),
        ("assigned", ["starts_at"], f"A shift of yours has another time: {FROM_TO}"),
        ("assigned", ["ends_at", "ward"], f"A shift of yours has another time, and another ward: {FROM_TO}"),
        ("assigned", ["ward"], "Your shift of {} is on another ward."),
        ("given_away", ["person_id"], "Somebody else takes a shift of yours: it would have begun on {}."),
        ("cancelled", [], "A shift of yours is cancelled: it would have begun on {}."),
    ],
)
def test_a_shift_that_changes_is_told_as_what_it_is_to_the_reader(status: str, changed: list[str], line: str) -> None:
    told = wording.of_notification("shift_changed", {"status": status, "changed": changed, **TIMES})
    assert told == line.format("Monday 23 November 2026, 17:30")


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("declined", "Somebody will not take your shift of Monday 23 November 2026, 17:30."),
        ("withdrawn", "You are not asked any more to take the shift of Monday 23 November 2026, 17:30."),
    ],
)
def test_an_answer_is_told_to_the_other_one(status: str, line: str) -> None:
    assert wording.of_notification("swap_answered", {"status": status, **TIMES}) == line


def test_who_is_asked_for_an_exchange_is_told_so() -> None:
    line = wording.of_notification("swap_asked", {"in_exchange_id": "a shift", **TIMES})
    assert line.endswith("which begins on Monday 23 November 2026, 17:30, for one of yours.")


def test_a_swap_that_a_change_ends_says_so() -> None:
    line = wording.of_notification("swap_ended", {"status": "withdrawn", **TIMES})
    assert line.endswith("does not take place: a shift of it has changed.")


@pytest.mark.parametrize(
    ("changed", "priority", "due_at", "what"),
    [
        (["priority"], "routine", None, "it is not urgent any more."),
        (["due_at"], "stat", None, "it has no due time any more."),
        (["due_at"], "routine", NOON, "it is due on Monday 23 November 2026, 17:30."),
    ],
)
def test_a_task_that_changes_says_what_has(changed: list[str], priority: str, due_at: Any, what: str) -> None:
    facts = {"changed": changed, "priority": priority, "due_at": due_at}
    assert wording.of_notification("task_changed", facts) == f"A task of yours has changed: {what}"


def test_a_task_that_is_somebody_elses_now_is_told_so() -> None:
    facts = {"priority": "stat", "former_owner_id": "somebody"}
    assert wording.of_notification("task_assigned", facts) == "A task of yours is somebody else's now."


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("failed", "A task that you gave could not be done."),
        ("rejected", "A task that you gave was not taken on."),
        ("cancelled", "A task of yours is not to be done any more."),
    ],
)
def test_a_closed_task_is_told_by_how_it_ended(status: str, line: str) -> None:
    assert wording.of_notification("task_closed", {"status": status}) == line


def test_a_routine_task_is_not_urgent() -> None:
    facts = {"priority": "routine", "former_owner_id": None}
    assert wording.of_notification("task_assigned", facts) == "You have a new task."


@pytest.mark.parametrize(
    ("status", "what"),
    [
        ("requested", "it is asked for on Monday 23 November 2026, 17:30, and the doctor has still to agree."),
        ("displaced", "it still needs another time."),
    ],
)
def test_a_visit_that_has_changed_says_when_it_is_not_agreed(status: str, what: str) -> None:
    line = wording.of_notification("appointment_rescheduled", {"starts_at": NOON, "status": status})
    assert line == f"A visit of yours has changed: {what}"


def test_a_visit_that_has_gone_to_somebody_else_does_not_say_when_it_is_now() -> None:
    line = wording.of_notification("appointment_given_away", {"starts_at": NOON, "status": "booked"})
    assert line == "A visit of yours has gone to somebody else, who sees to it from now on."


def test_a_rejected_request_is_told_as_such() -> None:
    line = wording.of_notification("upgrade_decided", {"role": "lab_technician", "decision": "reject"})
    assert line == "Your request for the role of lab technician was rejected."


def test_the_verification_mail_has_the_link_and_the_bare_token() -> None:
    subject, body = wording.of_mail("verify", {"token": "a+b", "expires_at": NOON.isoformat()})
    assert subject == "Verify your e-mail address"
    assert {"https://hospital.example/verify-email?token=a%2Bb", "a+b"} <= set(body.splitlines())


def test_a_mail_that_lacks_a_fact_is_an_error_and_no_mail_with_a_hole() -> None:
    with pytest.raises(UndefinedError):
        wording.of_mail("verify", {"token": "secret"})


@pytest.mark.parametrize(
    ("template", "subject"), [("reset", "Set a new password"), ("invite", "Your account at the hospital")]
)
def test_the_mails_with_which_a_password_is_set_have_the_link_and_the_bare_token(template: str, subject: str) -> None:
    seen, body = wording.of_mail(template, {"token": "a+b", "expires_at": NOON.isoformat()})
    assert seen == subject
    assert {"https://hospital.example/reset-password?token=a%2Bb", "a+b"} <= set(body.splitlines())


CHANGES = {
    "password": "Your password has been changed",
    "email": "Your e-mail address has been changed",
    "mfa_enabled": "A second factor has been set up",
    "mfa_disabled": "Your second factor has been taken away",
}


@pytest.mark.parametrize(("what", "subject"), CHANGES.items())
def test_each_change_of_credentials_says_what_to_do_if_it_was_not_you(what: str, subject: str) -> None:
    seen, body = wording.of_mail("credentials_changed", {"what": what, "at": NOON.isoformat()})
    assert seen == subject
    assert "on Monday 23 November 2026, 17:30 " in body
    assert "If it was not you" in body
    assert "{" not in body


@pytest.mark.parametrize("what", CHANGES)
def test_each_change_of_credentials_is_told_in_one_line(what: str) -> None:
    line = wording.of_notification("credentials_changed", {"what": what})
    assert line.endswith(". If it was not you, tell the hospital.")
    assert len(line.splitlines()) == 1
