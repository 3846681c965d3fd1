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
    scheduling.VisitCompleted: "Your visit on Monday 23 November 2026, 14:30 is over.",
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
