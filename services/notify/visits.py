"""What is told about visits that move: to their people, and to the doctor who has lost one."""

from typing import Any

from chassis.database import Session
from chassis.identity import Actor
from services.notify.notifications import tells

_tell_people = tells("patient_id", "doctor_id")
_tell_former_doctor = tells("former_doctor_id", kind="appointment_given_away")


def rescheduled(session: Session, actor: Actor, **facts: Any) -> None:
    """Tell the patient and the doctor, and a former doctor, who is not told where or when the visit is now."""
    _tell_people(session, actor, **facts)
    _tell_former_doctor(session, actor, **facts)
