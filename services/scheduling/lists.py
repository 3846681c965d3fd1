"""Lists of visits, page by page: a person's own, and for the desk all of them.

Each statement is made once for the filters that are given, and finds its rows by an index in the order in which they
are shown, so that a page costs the same however many visits there are (`python -m bench.listing` measures it).
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from chassis.contract import Page
from chassis.database import Session
from chassis.identity import Actor
from contracts.scheduling import AppointmentView
from services.scheduling import days
from services.scheduling.listings import Statement, Timed
from services.scheduling.models import VISIT

CALLS = {"first": VISIT.c.first_call, "others": ~VISIT.c.first_call}


class Visits(Timed):
    """A list of visits, also of those alone that are to be given a time before others: in words, for their index."""

    def _of_state(self, order: str, names: tuple[str, ...], state: str | None) -> Statement:
        wanted = (condition for name, condition in CALLS.items() if name in names)
        return super()._of_state(order, names, state).where(*wanted)


VISITS = Visits([VISIT.c[name] for name in AppointmentView.schema().fields], (VISIT.c.starts_at, VISIT.c.id))


def of_patient(
    session: Session,
    actor: Actor,
    *,
    patient_id: UUID,
    status: Sequence[str] | None,
    from_: date | datetime | None,
    to: date | datetime | None,
    order: str,
    limit: int,
    cursor: str | None,
) -> Page:
    """The patient's own visits, from either end. NotFound: somebody else's. Invalid: `bad_cursor`, `invalid`."""
    actor.may_act_for(patient_id)
    filters = {"patient_id": patient_id, **days.span(from_, to)}
    return VISITS.page(session, limit=limit, cursor=cursor, order=order, status=status, **filters)


def of_doctor(
    session: Session,
    actor: Actor,
    *,
    doctor_id: UUID,
    status: Sequence[str] | None,
    from_: date | datetime | None,
    to: date | datetime | None,
    order: str,
    limit: int,
    cursor: str | None,
    first_call: bool | None = None,
) -> Page:
    """The doctor's own visits, from either end. NotFound: somebody else's. Invalid: `bad_cursor`, `invalid`."""
    actor.may_act_for(doctor_id)
    filters = {"doctor_id": doctor_id, **_calls(first_call), **days.span(from_, to)}
    return VISITS.page(session, limit=limit, cursor=cursor, order=order, status=status, **filters)


def of_all(
    session: Session,
    _actor: Actor,
    *,
    doctor_id: UUID | None,
    patient_id: UUID | None,
    status: Sequence[str] | None,
    from_: date | datetime | None,
    to: date | datetime | None,
    order: str,
    limit: int,
    cursor: str | None,
    first_call: bool | None = None,
) -> Page:
    """All visits, or those of a doctor or a patient, from either end, for the desk.

    Invalid: `bad_cursor`, `invalid`.
    """
    filters = {"doctor_id": doctor_id, "patient_id": patient_id, **_calls(first_call), **days.span(from_, to)}
    return VISITS.page(session, limit=limit, cursor=cursor, order=order, status=status, **filters)


def _calls(first_call: bool | None) -> dict[str, bool]:  # noqa: FBT001  it is a filter's value
    """Which of the two kinds is asked for, if any."""
    return {} if first_call is None else {"first" if first_call else "others": True}
