"""One appointment with its history."""

from typing import cast

from sqlalchemy import ColumnElement, Executable, Table, bindparam, case, null, select

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.history import AppointmentWithHistoryView, ChangeView, GetAppointment
from contracts.scheduling.appointments.views import AppointmentView
from services.scheduling.appointments.access import side_of
from services.scheduling.directory import doctors, patients
from services.scheduling.models.appointments import VISIT, AppointmentChange
from services.scheduling.models.directory import DOCTOR, PATIENT

CHANGE = cast("Table", AppointmentChange.__table__)
ONE = (
    select(*(VISIT.c[name] for name in AppointmentView.schema().fields), *doctors.NAMED, *patients.NAMED)
    .join_from(VISIT, DOCTOR, VISIT.c.doctor_id == DOCTOR.c.id)
    .outerjoin(PATIENT, VISIT.c.patient_id == PATIENT.c.id)
    .where(VISIT.c.id == bindparam("visit_id"))
)
TOLD = ("rejected", "cancelled", "displaced", "expired")
"""The states whose reason the patient may read. The reason of overbooking is internal."""


def _history(reason: ColumnElement[str | None]) -> Executable:
    """Return the statement for the changes of an appointment, oldest first, with this column as the reason."""
    shown = [reason if name == "reason" else CHANGE.c[name] for name in ChangeView.schema().fields]
    query = select(*shown).where(CHANGE.c.appointment_id == bindparam("visit_id"))
    return query.order_by(CHANGE.c.revision, CHANGE.c.id)


HISTORY = _history(CHANGE.c.reason)
HISTORY_TOLD = _history(case((CHANGE.c.status.in_(TOLD), CHANGE.c.reason), else_=null()).label("reason"))


def get(session: Session, actor: Actor, query: GetAppointment) -> AppointmentWithHistoryView:
    """Get an appointment with its history, in two statements."""
    appointment = session.one(ONE, {"visit_id": query.appointment_id})
    part = side_of(actor, appointment, "patient", "doctor", "desk")
    assert appointment is not None  # noqa: S101  for the type checker: else there is no part in it
    changes = session.rows(HISTORY_TOLD if part == "patient" else HISTORY, {"visit_id": query.appointment_id})
    history = [ChangeView(**change._asdict()) for change in changes]
    return AppointmentWithHistoryView(**appointment._asdict(), history=history)
