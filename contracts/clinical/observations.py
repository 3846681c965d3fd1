"""Observations: the schedule of a patient's next vital signs, by the NEWS2 of the last reading."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from chassis.contract import Command, PageQuery, View, page_of
from chassis.event import Event
from contracts.clinical.care import CARERS, NURSE
from contracts.clinical.patients import THE_PATIENT
from contracts.clinical.vitals import READING, News2Level
from contracts.texts import Reason
from records.fields import Facts


class ObservationDueView(View):
    """A patient whose next vital signs are due, by the last reading with a level.

    `is_overdue`: nurses are 15 minutes late.
    """

    patient_id: UUID
    patient_name: Annotated[str, Facts(example="Asha Rao")]
    mrn: str
    birth_date: date | None
    vitals_id: UUID
    measured_at: datetime
    score: Annotated[int | None, Facts(example=6)]
    level: News2Level
    next_due_at: datetime
    is_overdue: bool


class ListObservationsDue(
    PageQuery, service="clinical", roles=NURSE, returns=page_of(ObservationDueView), audited=True
):
    """List the patients whose next vital signs are due, longest waiting first.

    A patient is listed until the next reading with a level, until the observations end, or for 24 hours. Each patient
    sees it in the access log, at most once an hour for each nurse.
    """


class ObservationEndView(View):
    """The end of a patient's observations, until the next reading."""

    id: UUID
    patient_id: UUID
    ended_at: datetime
    ended_by: UUID
    reason: str


class EndObservations(Command, service="clinical", roles=CARERS, returns=ObservationEndView):
    """End the observations of a patient, for example at discharge. The next reading starts them again."""

    patient_id: Annotated[UUID, THE_PATIENT]
    reason: Annotated[Reason, Facts(example="Discharged.")]


class ObservationsOverdue(
    Event, service="clinical", subject="vitals_id", heard_by=("scheduling.on_observations_overdue",)
):
    """The vital signs of a patient are 15 minutes late. `vitals_id` is the last reading, which has one such event."""

    vitals_id: UUID
    patient_id: UUID
    measured_at: datetime
    level: News2Level
    next_due_at: datetime
    example = READING


class ObservationsEnded(
    Event, service="clinical", subject="patient_id", heard_by=("scheduling.on_observations_ended",)
):
    """A nurse or doctor has ended the observations of a patient."""

    patient_id: UUID
    ended_at: datetime
    example = {"patient_id": READING["patient_id"], "ended_at": "2026-11-23T09:00:00+00:00"}
