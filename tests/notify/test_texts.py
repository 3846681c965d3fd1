"""Texts of notifications and mails."""

from datetime import timedelta
from typing import Any

import pytest
from jinja2 import UndefinedError

from chassis.event import Event
from services.notify import texts
from services.notify.models.deliveries import MailTemplate
from tests.events import example_of
from tests.notify.factories import NOON
from tests.notify.lines import FIRST_READER, LINES


@pytest.mark.parametrize(("event", "line"), LINES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_notification_text_of_each_event_is_one_line(event: type[Event], line: str) -> None:
    facts = {**example_of(event).data, "recipient": FIRST_READER.get(event, "")}
    assert texts.of_notification(event.event_name(), facts) == line


TIMES = {"starts_at": NOON, "ends_at": NOON + timedelta(hours=8)}
START = "Monday 23 November 2026, 17:30"
FROM_TO = f"from {START} to Tuesday 24 November 2026, 01:30."


@pytest.mark.parametrize(
    ("status", "changed", "line"),
    [
        ("assigned", ["person_id"], f"You have taken over a colleague's shift. It starts on {START}."),
        ("assigned", ["starts_at"], f"Your shift has a new time: {FROM_TO}"),
        ("assigned", ["ends_at", "ward"], f"Your shift has a new time and ward: {FROM_TO}"),
        ("assigned", ["ward"], f"Your shift on {START} is now on another ward."),
        ("given_away", ["person_id"], f"A colleague has taken over your shift on {START}."),
        ("cancelled", [], f"Your shift on {START} is cancelled."),
    ],
)
def test_shift_text_depends_on_what_has_changed(status: str, changed: list[str], line: str) -> None:
    assert texts.of_notification("shift_changed", {"status": status, "changed": changed, **TIMES}) == line


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("declined", f"A colleague declines to take your shift on {START}."),
        ("withdrawn", f"A colleague no longer asks you to take the shift on {START}."),
    ],
)
def test_swap_answer_text_depends_on_the_answer(status: str, line: str) -> None:
    assert texts.of_notification("swap_answered", {"status": status, **TIMES}) == line


def test_swap_request_text_mentions_an_exchange() -> None:
    line = texts.of_notification("swap_asked", {"in_exchange_id": "a shift", **TIMES})
    assert line.endswith(f"that starts on {START}, in exchange for one of yours.")


def test_swap_end_text_gives_a_changed_shift_as_the_reason() -> None:
    line = texts.of_notification("swap_ended", {"status": "withdrawn", **TIMES})
    assert line.endswith("is cancelled, because one of its shifts has changed.")


@pytest.mark.parametrize(
    ("changed", "priority", "due_at", "what"),
    [
        (["priority"], "routine", None, "it is no longer urgent."),
        (["due_at"], "stat", None, "it has no due time any more."),
        (["due_at"], "routine", NOON, f"it is due on {START}."),
    ],
)
def test_task_text_names_what_has_changed(changed: list[str], priority: str, due_at: Any, what: str) -> None:
    facts = {"changed": changed, "priority": priority, "due_at": due_at}
    assert texts.of_notification("task_changed", facts) == f"One of your tasks has changed: {what}"


def test_task_text_tells_the_former_owner_of_the_handover() -> None:
    facts = {"priority": "stat", "recipient": "former_owner_id"}
    assert texts.of_notification("task_assigned", facts) == "A colleague has taken over one of your tasks."


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("failed", "A task that you assigned could not be done."),
        ("rejected", "A task that you assigned was rejected."),
        ("cancelled", "One of your tasks is cancelled."),
    ],
)
def test_closed_task_text_depends_on_the_outcome(status: str, line: str) -> None:
    assert texts.of_notification("task_closed", {"status": status}) == line


def test_routine_task_text_does_not_mention_urgency() -> None:
    facts = {"priority": "routine", "recipient": "owner_id"}
    assert texts.of_notification("task_assigned", facts) == "You have a new task."


@pytest.mark.parametrize(
    ("status", "recipient", "what"),
    [
        ("requested", "patient_id", f": the new time is {START}, if the doctor confirms it."),
        ("requested", "doctor_id", f": the new time is {START}, if you confirm it."),
        ("displaced", "patient_id", " and still needs a new time."),
    ],
)
def test_rescheduled_text_says_when_the_time_is_not_confirmed(status: str, recipient: str, what: str) -> None:
    facts = {"starts_at": NOON, "status": status, "recipient": recipient}
    assert texts.of_notification("appointment_rescheduled", facts) == f"Your appointment has changed{what}"


def test_expired_request_text_does_not_call_it_the_doctors_request() -> None:
    line = texts.of_notification("appointment_expired", {"starts_at": NOON, "recipient": "doctor_id"})
    assert line == f"The appointment request for {START} was not confirmed and has expired."


def test_handed_over_appointment_text_does_not_say_its_time() -> None:
    line = texts.of_notification("appointment_given_away", {"starts_at": NOON, "status": "booked"})
    assert line == "A colleague has taken over one of your appointments."


def test_rejected_upgrade_text_names_the_role() -> None:
    line = texts.of_notification("upgrade_decided", {"role": "lab_technician", "decision": "reject"})
    assert line == "Your request for the role of lab technician was rejected."


def test_verification_mail_has_link_and_code() -> None:
    subject, body = texts.of_mail("verify", {"token": "a+b", "expires_at": NOON.isoformat()})
    assert subject == "Verify your e-mail address"
    assert {"https://hospital.example/verify-email?token=a%2Bb", "a+b"} <= set(body.splitlines())


def test_mail_fails_when_a_fact_is_missing() -> None:
    with pytest.raises(UndefinedError):
        texts.of_mail("verify", {"token": "secret"})


@pytest.mark.parametrize(
    ("template", "subject"), [("reset", "Set a new password"), ("invite", "Your account at the hospital")]
)
def test_password_mails_have_link_and_code(template: str, subject: str) -> None:
    seen, body = texts.of_mail(template, {"token": "a+b", "expires_at": NOON.isoformat()})
    assert seen == subject
    assert {"https://hospital.example/reset-password?token=a%2Bb", "a+b"} <= set(body.splitlines())


@pytest.mark.parametrize("template", MailTemplate)
def test_every_mail_template_has_a_subject_and_a_body(template: MailTemplate) -> None:
    content = {"token": "secret", "expires_at": NOON.isoformat(), "what": "password", "at": NOON.isoformat()}
    assert all(texts.of_mail(template, content))


CHANGES = {
    "password": "Your password was changed",
    "email": "Your e-mail address was changed",
    "mfa_enabled": "Two-factor sign-in was turned on",
    "mfa_disabled": "Two-factor sign-in was turned off",
    "recovery_codes": "You have new recovery codes",
}


@pytest.mark.parametrize(("what", "subject"), CHANGES.items())
def test_credentials_mail_says_what_to_do_when_the_change_is_foreign(what: str, subject: str) -> None:
    seen, body = texts.of_mail("credentials_changed", {"what": what, "at": NOON.isoformat()})
    assert seen == subject
    assert f"on {START}." in body
    assert "If you did not do this" in body
    assert "{" not in body


@pytest.mark.parametrize("what", CHANGES)
def test_credentials_notification_is_one_line(what: str) -> None:
    line = texts.of_notification("credentials_changed", {"what": what})
    assert line.endswith(". If you did not do this, tell the hospital.")
    assert len(line.splitlines()) == 1
