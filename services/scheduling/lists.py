"""Lists of visits, page by page: a person's own, and for the desk all of them.

Each statement is made once for the filters that are given, and finds its rows by an index in the order in which they
are shown, so that a page costs the same however many visits there are (`python -m bench.listing` measures it).
"""

from collections.abc import Callable
from datetime import date, datetime
from operator import ge, lt
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, Table, bindparam

from chassis.contract import Page
from chassis.database import Session
from chassis.identity import Actor
from chassis.paging import Listing
from contracts.scheduling import AppointmentView
from services.scheduling import days
from services.scheduling.models import Appointment

VISIT = cast("Table", Appointment.__table__)
BOUNDS: dict[str, Callable[[Any, Any], Any]] = {"since": ge, "until": lt}


class Visits(Listing):
    """A list of visits, also by when they begin: at `since` or later, and before `until`."""

    def _statement(self, names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
        bounds = (compare(self.keys[0], bindparam(name)) for name, compare in BOUNDS.items() if name in names)
        return super()._statement(names).where(*bounds)


VISITS = Visits([VISIT.c[name] for name in AppointmentView.schema().fields], (VISIT.c.starts_at, VISIT.c.id))


def of_patient(
    session: Session,
    actor: Actor,
    *,
    patient_id: UUID,
    status: str | None,
    from_: date | datetime | None,
    to: date | datetime | None,
    limit: int,
    cursor: str | None,
) -> Page:
    """The patient's own visits, latest first. NotFound: somebody else's. Invalid: `bad_cursor`."""
    actor.may_act_for(patient_id)
    times = _times(from_, to)
    return VISITS.page(session, limit=limit, cursor=cursor, patient_id=patient_id, status=status, **times)


def of_doctor(
    session: Session,
    actor: Actor,
    *,
    doctor_id: UUID,
    status: str | None,
    from_: date | datetime | None,
    to: date | datetime | None,
    limit: int,
    cursor: str | None,
) -> Page:
    """The doctor's own visits, latest first. NotFound: somebody else's. Invalid: `bad_cursor`."""
    actor.may_act_for(doctor_id)
    times = _times(from_, to)
    return VISITS.page(session, limit=limit, cursor=cursor, doctor_id=doctor_id, status=status, **times)


def of_all(
    session: Session,
    _actor: Actor,
    *,
    doctor_id: UUID | None,
    patient_id: UUID | None,
    status: str | None,
    from_: date | datetime | None,
    to: date | datetime | None,
    limit: int,
    cursor: str | None,
) -> Page:
    """All visits, or those of a doctor or a patient, latest first: for the desk. Invalid: `bad_cursor`."""
    who = {"doctor_id": doctor_id, "patient_id": patient_id}
    return VISITS.page(session, limit=limit, cursor=cursor, **who, status=status, **_times(from_, to))


def _times(from_: date | datetime | None, to: date | datetime | None) -> dict[str, datetime | None]:
    """What the list is bounded by; a day is taken whole."""
    since = None if from_ is None else days.first_of(from_)
    return {"since": since, "until": None if to is None else days.end_of(to)}
