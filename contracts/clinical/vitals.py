"""Vital signs (FHIR Observation, category vital-signs): nurses record them, and each reading has a NEWS2."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, View, page_of
from chassis.errors import NotFound
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.clinical.care import CARERS, NURSE
from contracts.clinical.patients import THE_PATIENT
from contracts.clinical.versions import ALREADY_IN_ERROR, ChangeReason, VersionView
from contracts.ranges import TimedQuery
from records.fields import Facts
from records.record import Record

NO_SUCH_VITALS = Refusal(NotFound, "not_found", "There are no such vital signs.")
THE_READING = "The reading."


class VitalSign(StrEnum):
    """The values of a reading. Each is also the name of its field."""

    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    PULSE = "pulse"
    RESPIRATION = "respiration"
    TEMPERATURE = "temperature"
    SPO2 = "spo2"
    ON_OXYGEN = "on_oxygen"
    CONSCIOUSNESS = "consciousness"
    WEIGHT_KG = "weight_kg"
    HEIGHT_CM = "height_cm"
    PAIN = "pain"


class Consciousness(StrEnum):
    """The level of consciousness (ACVPU): alert, new confusion, responds to voice, to pain, or unresponsive."""

    ALERT = "A"
    CONFUSION = "C"
    VOICE = "V"
    PAIN = "P"
    UNRESPONSIVE = "U"


class News2Status(StrEnum):
    """Whether a reading has a score.

    `age_unknown`: the score is computed as for an adult, because the birth date is unknown. `incomplete` and
    `not_applicable` (under 16 years, or pregnant) have no score.
    """

    COMPLETE = "complete"
    AGE_UNKNOWN = "age_unknown"
    INCOMPLETE = "incomplete"
    NOT_APPLICABLE = "not_applicable"


class News2Level(StrEnum):
    """The clinical risk (NEWS2, chart 2): 0-4, a 3 in a single value, 5-6, and 7 or more."""

    LOW = "low"
    RED_PARAMETER = "red_parameter"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class VitalsStatus(StrEnum):
    """The states of a reading (FHIR ObservationStatus)."""

    FINAL = "final"
    ENTERED_IN_ERROR = "entered_in_error"


Systolic = Annotated[float, validate.Range(20, 300), "Systolic blood pressure, mmHg.", Facts(example=124)]
Diastolic = Annotated[float, validate.Range(0, 250), "Diastolic blood pressure, mmHg.", Facts(example=78)]
Pulse = Annotated[float, validate.Range(0, 300), "Pulse, beats a minute.", Facts(example=72)]
Respiration = Annotated[float, validate.Range(0, 100), "Respiration, breaths a minute.", Facts(example=16)]
Temperature = Annotated[float, validate.Range(20, 45), "Body temperature, °C.", Facts(example=36.8)]
SpO2 = Annotated[float, validate.Range(0, 100), "Oxygen saturation by pulse oximeter, %.", Facts(example=97)]
OnOxygen = Annotated[bool, "Whether the patient gets supplemental oxygen. Null if unknown: it is never guessed."]
WeightKg = Annotated[float, validate.Range(0.2, 700), "Body weight, kg.", Facts(example=71.5)]
HeightCm = Annotated[float, validate.Range(15, 280), "Body height, cm.", Facts(example=174)]
Pain = Annotated[int, validate.Range(0, 10), "Pain, from 0 (none) to 10 (the worst imaginable).", Facts(example=2)]


class VitalSigns(Record):
    """The values of one reading. Null means not measured."""

    systolic: Systolic | None = None
    diastolic: Diastolic | None = None
    pulse: Pulse | None = None
    respiration: Respiration | None = None
    temperature: Temperature | None = None
    spo2: SpO2 | None = None
    on_oxygen: OnOxygen | None = None
    consciousness: Consciousness | None = None
    weight_kg: WeightKg | None = None
    height_cm: HeightCm | None = None
    pain: Pain | None = None


class News2View(View):
    """The National Early Warning Score 2 of a reading (Royal College of Physicians 2017).

    `missing` names the values without which there is no score. An incomplete reading still has a `level` above `low`,
    if its values reach it already; otherwise `level` is null. `scale` is that of the oxygen saturation; scale 2 is a
    doctor's recorded oxygen target. `next_due_at` is when the next reading is due.
    """

    score: Annotated[int | None, Facts(example=0)]
    level: News2Level | None
    status: News2Status
    missing: list[VitalSign]
    scale: Annotated[int | None, Facts(example=1)]
    next_due_at: datetime | None


class VitalsView(VersionView):
    """A reading of vital signs. A reading that was entered in error stays, shown struck out.

    `abnormal` names the values outside the usual range for the age. Diastolic pressure is judged from 16 years on.
    """

    status: VitalsStatus
    measured_at: datetime
    systolic: Systolic | None
    diastolic: Diastolic | None
    pulse: Pulse | None
    respiration: Respiration | None
    temperature: Temperature | None
    spo2: SpO2 | None
    on_oxygen: OnOxygen | None
    consciousness: Consciousness | None
    weight_kg: WeightKg | None
    height_cm: HeightCm | None
    pain: Pain | None
    abnormal: list[VitalSign]
    news2: News2View


class RecordVitals(Command, VitalSigns, service="clinical", roles=NURSE, returns=VitalsView):
    """Record the vital signs of a patient: at least one value. The reply has the NEWS2 of the reading.

    Units are fixed: mmHg, beats and breaths a minute, °C, %, kg, cm. Treating doctors and nurses on shift are notified
    of a level above `low`, unless a later reading is known, or the reading is more than 12 hours old.
    """

    patient_id: Annotated[UUID, THE_PATIENT]
    measured_at: Annotated[
        datetime | None, "Defaults to now. At most 5 minutes ahead, for clocks that differ, and 90 days ago."
    ] = None

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that contradict each other."""
        if all(getattr(self, name) is None for name in VitalSign):
            yield "_schema", "Give at least one value."
        if self.systolic is not None and self.diastolic is not None and self.systolic <= self.diastolic:
            yield "systolic", "Must be above `diastolic`."


class EnterVitalsInError(
    Command, service="clinical", roles=NURSE, returns=VitalsView, revised=True, refuses=(ALREADY_IN_ERROR,)
):
    """Mark a reading as entered in error. It stays in the chart, and no longer counts. Record the right one instead."""

    vitals_id: Annotated[UUID, THE_READING]
    reason: ChangeReason


class ListVitals(TimedQuery, service="clinical", roles=CARERS, returns=page_of(VitalsView), audited=True):
    """List the vital signs of a patient by time of measurement, by default newest first.

    Readings that were entered in error are included. Doctors need a current care relation. The patient sees in the
    access log that the chart was read.
    """

    patient_id: Annotated[UUID, THE_PATIENT]


READING = {
    "vitals_id": "01919c5e-0000-7000-8000-0000000000e5",
    "patient_id": "01919c5e-0000-7000-8000-000000000001",
    "measured_at": "2026-11-23T08:55:00+00:00",
    "level": "low",
    "next_due_at": "2026-11-23T20:55:00+00:00",
}
"""The facts of the examples of events."""


class VitalsRecorded(Event, service="clinical", subject="vitals_id", heard_by=("scheduling.on_vitals_recorded",)):
    """A nurse has recorded vital signs. The event carries no values."""

    vitals_id: UUID
    patient_id: UUID
    measured_at: datetime
    level: News2Level | None
    next_due_at: datetime | None
    example = READING


class VitalsEnteredInError(Event, service="clinical", subject="vitals_id", for_outside=True):
    """A reading was marked as entered in error, and no longer counts."""

    vitals_id: UUID
    patient_id: UUID
    example = {name: READING[name] for name in ("vitals_id", "patient_id")}


class PatientDeteriorating(
    Event, service="clinical", subject="patient_id", heard_by=("notify.on_patient_deteriorating",)
):
    """The latest reading of a patient has a level above `low`. `score` is null if the reading is incomplete.

    `recipient_ids` are the treating doctors and the nurses on shift; without a nurse on shift, all nurses.
    """

    vitals_id: UUID
    patient_id: UUID
    measured_at: datetime
    level: News2Level
    score: int | None
    next_due_at: datetime
    recipient_ids: list[UUID]
    example = {
        **READING,
        "level": "urgent",
        "score": 6,
        "next_due_at": "2026-11-23T09:55:00+00:00",
        "recipient_ids": ["01919c5e-0000-7000-8000-000000000002"],
    }
