"""Oxygen targets: a doctor decides by which scale the oxygen saturation of a patient is scored."""

from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, Query, View
from contracts.clinical.care import CARERS, DOCTOR
from contracts.clinical.patients import THE_PATIENT
from contracts.clinical.versions import VersionView
from contracts.texts import Reason
from records.fields import Facts

SCALE_1, SCALE_2 = 1, 2
Scale = Annotated[
    int,
    validate.OneOf((SCALE_1, SCALE_2)),
    "The SpO2 scale of NEWS2: 1 for most patients; 2 for a target of 88-92 %, as in hypercapnic respiratory failure.",
    Facts(example=2),
]


class OxygenTargetVersionView(VersionView):
    """One version of a patient's oxygen target. Each version has a reason."""

    scale: Scale


class OxygenTargetView(View):
    """The scale of a patient, and all versions of the target, newest first. Without a target, scale 1 applies.

    `revision` is the version of the current target, or 0 without one.
    """

    patient_id: UUID
    scale: Scale
    revision: int
    versions: list[OxygenTargetVersionView]


class SetOxygenTarget(Command, service="clinical", roles=DOCTOR, returns=OxygenTargetView, revised=True):
    """Decide the scale by which later readings of this patient are scored, with the reason.

    Scale 2 is for a target of 88-92 % in confirmed hypercapnic respiratory failure (NEWS2, Royal College of Physicians
    2017). The scores of earlier readings stay.
    """

    patient_id: Annotated[UUID, THE_PATIENT]
    scale: Scale
    reason: Annotated[Reason, Facts(example="Hypercapnic respiratory failure, confirmed by blood gas.")]


class GetOxygenTarget(Query, service="clinical", roles=CARERS, returns=OxygenTargetView, audited=True):
    """Get the oxygen target of a patient with its versions."""

    patient_id: Annotated[UUID, THE_PATIENT]
