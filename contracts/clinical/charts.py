"""Charts: the patients in a doctor's care, the summary of a chart, and who opened it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import PageQuery, Query, View, page_of
from contracts.clinical.allergies import AllergyView
from contracts.clinical.assignments import DOCTOR_NAME
from contracts.clinical.care import CARERS, DOCTOR, AccessBasis, ChartPart
from contracts.clinical.conditions import ConditionView
from contracts.clinical.labs.views import MyLabTestView
from contracts.clinical.patients import THE_PATIENT, PatientView, Sex
from contracts.clinical.prescriptions import PrescriptionView
from contracts.clinical.vitals import News2Level, VitalsView
from contracts.roles import Role
from contracts.texts import ONE_LINE
from records.fields import Facts


class ScoreView(View):
    """The last early warning score of a patient (NEWS2). `score` is null if the reading was incomplete."""

    score: int | None
    level: News2Level | None


class PatientInCareView(View):
    """A patient in the doctor's care.

    `care_until` is null while an assignment has no end. `next_appointment_at` is the patient's next confirmed
    appointment with this doctor. `news2` is null without vital signs.
    """

    id: UUID
    name: Annotated[str, Facts(example="Asha Rao")]
    mrn: Annotated[str, Facts(example="M-0001234-6")]
    birth_date: date | None
    sex: Sex
    care_until: datetime | None
    next_appointment_at: datetime | None
    news2: ScoreView | None


class ListMyPatients(PageQuery, service="clinical", roles=DOCTOR, returns=page_of(PatientInCareView)):
    """List the patients in the doctor's care now, by name."""

    doctor_id: UUID
    q: (
        Annotated[str, validate.Length(1, 200), ONE_LINE, "Beginnings of parts of the name, or the record number."]
        | None
    ) = None


class ChartAccessView(View):
    """A member of staff has read a part of the patient's chart. `basis` is why the reader might."""

    id: UUID
    at: datetime
    reader_id: UUID
    reader_name: Annotated[str, Facts(example="Dr Lena Weiss")] | None
    part: ChartPart
    basis: AccessBasis


class ListMyChartAccess(
    PageQuery, service="clinical", roles=frozenset({Role.PATIENT}), returns=page_of(ChartAccessView)
):
    """List who has read the patient's own chart, newest first."""

    patient_id: Annotated[UUID, THE_PATIENT]


class ChartAppointmentView(View):
    """A confirmed appointment that opened, or will open, the chart to its doctor."""

    id: UUID
    doctor_id: UUID
    doctor_name: DOCTOR_NAME | None
    starts_at: datetime
    ends_at: datetime


class ChartView(View):
    """A patient's chart: demographics, and what counts now.

    `no_known_allergies` is a statement by a doctor or nurse. `false` with an empty list of allergies means that nothing
    is known. `prescriptions` are the active ones. `vitals` is the last reading; null without one. `open_results` are
    laboratory tests that wait for their result, its verification or its acknowledgement. `appointments` are those of
    the last 30 days and the future, earliest first.
    """

    patient: PatientView
    allergies: list[AllergyView]
    no_known_allergies: bool
    conditions: list[ConditionView]
    prescriptions: list[PrescriptionView]
    vitals: VitalsView | None
    open_results: list[MyLabTestView]
    appointments: list[ChartAppointmentView]


class GetChart(Query, service="clinical", roles=CARERS, returns=ChartView, audited=True):
    """Read the chart of a patient. Nurses read all patients, doctors the patients in their care.

    Waits up to a second for the event of a started visit. The patient sees the reading in the access log.
    """

    patient_id: Annotated[UUID, THE_PATIENT]
