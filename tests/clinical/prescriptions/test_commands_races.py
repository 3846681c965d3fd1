"""Two doctors who prescribe to one patient at the same time see each other's medicines."""

import eventlet
import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict
from chassis.execution import run as execution
from chassis.execution.run import add_events
from chassis.identity import Actor
from chassis.persistence.database import Database
from contracts.clinical.prescriptions import Prescribe
from contracts.scheduling.appointments.events import AppointmentBooked
from services.clinical.care.handlers import on_appointment_booked
from services.clinical.prescriptions.commands import prescribe
from tests.clinical.factories import doctor, heard, item, patient, visit
from tests.events import example_of


@pytest.fixture(autouse=True)
def no_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show deadlocks instead of retrying."""
    monkeypatch.setattr(execution, "TRIES", 1)


def outcome(database: Database, physician: Actor, person: Actor, medicine: str) -> str:
    """Prescribe in a transaction. Return `written`, or the code of the refusal."""
    try:
        with database.begin() as session:
            prescribe(session, physician, Prescribe(patient_id=person.person, items=[item(medicine)]))
            add_events(session)
    except Conflict as refused:
        return refused.code
    return "written"


def test_one_of_two_interacting_prescriptions_is_refused(fresh: Database) -> None:
    physicians, person = [doctor(), doctor()], patient(uuid7())
    with fresh.begin() as session:
        for physician in physicians:
            booked = example_of(AppointmentBooked, **visit(physician, person))
            on_appointment_booked(session, heard(session), booked)
    pairs = zip(physicians, ("Warfarin", "Aspirin"), strict=True)
    with eventlet.Timeout(30):
        threads = [eventlet.spawn(outcome, fresh, physician, person, medicine) for physician, medicine in pairs]
        found = [thread.wait() for thread in threads]
    assert sorted(found) == ["medication_findings", "written"]
