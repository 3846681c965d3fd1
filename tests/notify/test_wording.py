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
