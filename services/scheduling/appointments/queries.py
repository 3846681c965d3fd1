"""Lists of visits, page by page: a person's own, and for the desk all of them.

Each statement is made once for the filters that are given, and finds its rows by an index in the order in which they
are shown, so that a page costs the same however many visits there are (`python -m bench.listing` measures it).
"""

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.queries import ListAppointments, ListDoctorAppointments, ListPatientAppointments
from contracts.scheduling.appointments.views import AppointmentView
from services.scheduling import date_ranges
from services.scheduling.directory import doctors, patients
from services.scheduling.listings import Joined, Statement, Timed
from services.scheduling.models.appointments import VISIT
from services.scheduling.models.directory import PATIENT

CALLS = {"first": VISIT.c.first_call, "others": ~VISIT.c.first_call}


class Appointments(Timed):
    """A list of appointments, also of those alone that are, or are not, first in line for a time."""

    def _of_state(self, order: str, names: tuple[str, ...], state: str | None) -> Statement:
        wanted = (condition for name, condition in CALLS.items() if name in names)
        return super()._of_state(order, names, state).where(*wanted)


SHOWN = [VISIT.c[name] for name in AppointmentView.schema().fields]
WITH_PATIENT = Joined(PATIENT, "patient_id", patients.NAMED)
FOR_PATIENTS = Appointments(SHOWN, (VISIT.c.starts_at, VISIT.c.id), doctors.JOINS)
FOR_STAFF = Appointments(SHOWN, (VISIT.c.starts_at, VISIT.c.id), [*doctors.JOINS, WITH_PATIENT])


def of_patient(session: Session, actor: Actor, query: ListPatientAppointments) -> Page:
    """The patient's own visits, from either end."""
    actor.may_act_for(query.patient_id)
    filters = {"patient_id": query.patient_id, **date_ranges.span(query.from_, query.to)}
    return FOR_PATIENTS.page(
        session, limit=query.limit, cursor=query.cursor, order=query.order, status=query.status, **filters
    )


def of_doctor(session: Session, actor: Actor, query: ListDoctorAppointments) -> Page:
    """The doctor's own visits, from either end."""
    actor.may_act_for(query.doctor_id)
    filters = {"doctor_id": query.doctor_id, **_calls(query.first_call), **date_ranges.span(query.from_, query.to)}
    return FOR_STAFF.page(
        session, limit=query.limit, cursor=query.cursor, order=query.order, status=query.status, **filters
    )


def of_all(session: Session, _actor: Actor, query: ListAppointments) -> Page:
    """All visits, or those of a doctor or a patient, from either end, for the desk."""
    filters = {
        "doctor_id": query.doctor_id,
        "patient_id": query.patient_id,
        **_calls(query.first_call),
        **date_ranges.span(query.from_, query.to),
    }
    return FOR_STAFF.page(
        session, limit=query.limit, cursor=query.cursor, order=query.order, status=query.status, **filters
    )


def _calls(first_call: bool | None) -> dict[str, bool]:  # noqa: FBT001  it is a filter's value
    """Which of the two kinds is asked for, if any."""
    return {} if first_call is None else {"first" if first_call else "others": True}
