"""The words of notifications and mails."""

import pytest
from jinja2 import UndefinedError

from chassis.contract import Event
from contracts import auth, billing, clinical, scheduling
from services.notify import wording
from tests.notify.factories import NOON

LINES: dict[type[Event], str] = {
    scheduling.AppointmentRequested: "A patient asks you for a visit on Monday 23 November 2026, 14:30.",
    scheduling.AppointmentBooked: "Your visit on Monday 23 November 2026, 14:30 is agreed.",
    scheduling.AppointmentRescheduled: (
        "A visit of yours has changed: it is on Monday 23 November 2026, 14:30, please look at who keeps it."
    ),
    scheduling.AppointmentDisplaced: (
        "The doctor cannot keep your visit on Monday 23 November 2026, 14:30. Please choose another time."
    ),
    scheduling.AppointmentRejected: (
        "The doctor cannot take your visit on Monday 23 November 2026, 14:30. Please choose another time."
    ),
    scheduling.AppointmentCancelled: "The visit on Monday 23 November 2026, 14:30 is cancelled.",
    scheduling.AppointmentExpired: (
        "Nobody agreed in time to the visit on Monday 23 November 2026, 14:30: it does not take place."
    ),
    scheduling.AppointmentMissed: "You have missed your visit on Monday 23 November 2026, 14:30.",
    scheduling.PatientArrived: "The patient of Monday 23 November 2026, 14:30 has arrived.",
    scheduling.VisitCompleted: "Your visit on Monday 23 November 2026, 14:30 is over.",
    scheduling.ShiftAssigned: "You have a new shift: it begins on Monday 23 November 2026, 11:30.",
    scheduling.ShiftChanged: "A shift of yours is cancelled: it would have begun on Monday 23 November 2026, 11:30.",
    scheduling.TaskAssigned: "You have a new task: it is urgent.",
    scheduling.TaskClosed: "A task that you gave is done.",
    auth.CredentialsChanged: "Your password has been changed. If it was not you, tell the hospital.",
    auth.UpgradeDecided: "Your request for the role of doctor was approved.",
    clinical.PrescriptionAdded: "You have a new prescription.",
    billing.InvoiceIssued: "You have a new invoice of 80.00 EUR.",
    billing.PaymentReceived: "Your payment of 80.00 EUR has arrived.",
    billing.PaymentFailed: "Your payment of 80.00 EUR has failed. You can try again.",
}


@pytest.mark.parametrize(("event", "line"), LINES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_each_event_is_told_in_one_line(event: type[Event], line: str) -> None:
    facts = dict(event.schema().load(event.example))
    assert wording.of_notification(event.event_name(), facts) == line


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("assigned", "A shift of yours is new or has changed: it begins on Monday 23 November 2026, 17:30."),
        ("given_away", "Somebody else takes a shift of yours: it would have begun on Monday 23 November 2026, 17:30."),
    ],
)
def test_a_shift_that_changes_is_told_as_what_it_is_to_the_reader(status: str, line: str) -> None:
    assert wording.of_notification("shift_changed", {"status": status, "starts_at": NOON}) == line


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
    assert wording.of_notification("task_assigned", {"priority": "routine"}) == "You have a new task."


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
