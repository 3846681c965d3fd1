"""Lists of visits, page by page: a person's own, and for the desk all of them.

Each statement is made once for the filters that are given, and finds its rows by an index in the order in which they
are shown, so that a page costs the same however many visits there are (`python -m bench.listing` measures it).
"""

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.queries import ListAppointments, ListDoctorAppointments, ListPatientAppointments
from contracts.scheduling.appointments.views import AppointmentWithDoctorView, AppointmentWithPeopleView
from services.scheduling import listings
from services.scheduling.directory import doctors, patients
from services.scheduling.listings import ListingWithLookUps, LookUp
from services.scheduling.models.appointments import VISIT
from services.scheduling.models.directory import DOCTOR, PATIENT

CALLS = {"first": VISIT.c.first_call, "others": ~VISIT.c.first_call}
KEYS = (VISIT.c.starts_at, VISIT.c.id)
DOCTORS = LookUp("doctor_id", DOCTOR, doctors.NAMED)
PATIENTS = LookUp("patient_id", PATIENT, patients.NAMED)
FOR_PATIENTS = ListingWithLookUps(AppointmentWithDoctorView, KEYS, [DOCTORS], CALLS)
FOR_STAFF = ListingWithLookUps(AppointmentWithPeopleView, KEYS, [DOCTORS, PATIENTS], CALLS)


def of_patient(session: Session, actor: Actor, query: ListPatientAppointments) -> Page:
    """List the patient's own appointments."""
    actor.may_act_for(query.patient_id)
    return FOR_PATIENTS.page(session, listings.window_of(query), status=query.status, patient_id=query.patient_id)


def of_doctor(session: Session, actor: Actor, query: ListDoctorAppointments) -> Page:
    """List the doctor's own appointments."""
    actor.may_act_for(query.doctor_id)
    filters = {"doctor_id": query.doctor_id, **_calls(query.first_call)}
    return FOR_STAFF.page(session, listings.window_of(query), status=query.status, **filters)


def of_all(session: Session, _actor: Actor, query: ListAppointments) -> Page:
    """List all appointments, for the desk."""
    filters = {"doctor_id": query.doctor_id, "patient_id": query.patient_id, **_calls(query.first_call)}
    return FOR_STAFF.page(session, listings.window_of(query), status=query.status, **filters)


def _calls(first_call: bool | None) -> dict[str, bool]:  # noqa: FBT001  it is a filter's value
    """Return the filter for `first_call`."""
    return {} if first_call is None else {"first" if first_call else "others": True}
