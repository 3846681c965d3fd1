"""What is said to and by the clinical service: what was found and done."""

from marshmallow import fields, validate

from chassis.contract import Command, Event, PageQuery, View, page_of
from contracts.roles import Role

ROUTES = ("oral", "intravenous", "intramuscular", "subcutaneous", "topical", "inhaled", "rectal", "sublingual", "other")


class DoseView(View):
    """A dose: value and unit (UCUM, such as `mg`)."""

    value = fields.Float(required=True, validate=validate.Range(min=0, min_inclusive=False, max=1_000_000))
    unit = fields.String(required=True, validate=validate.Length(1, 30))


class PrescriptionItemView(View):
    """One medicine of a prescription. `refills` do not count the first fill."""

    medicine = fields.String(required=True, validate=validate.Length(1, 200))
    dose = fields.Nested(DoseView, required=True)
    route = fields.String(required=True, validate=validate.OneOf(ROUTES))
    frequency = fields.String(required=True, validate=validate.Length(1, 100))
    days = fields.Integer(required=True, validate=validate.Range(1, 365))
    quantity = fields.Integer(required=True, validate=validate.Range(1, 10_000))
    refills = fields.Integer(load_default=0, validate=validate.Range(0, 12))


class PrescriptionView(View):
    """A prescription, which is never edited."""

    id = fields.UUID()
    patient_id = fields.UUID()
    doctor_id = fields.UUID()
    status = fields.String(validate=validate.OneOf(["active", "superseded", "discontinued"]))
    items = fields.List(fields.Nested(PrescriptionItemView))
    instructions = fields.String(allow_none=True)
    created_at = fields.AwareDateTime()


class Prescribe(Command):
    """Prescribe medicines to a patient in one's care. NotFound: no such patient in one's care."""

    service, roles, returns = "clinical", frozenset({Role.DOCTOR}), PrescriptionView
    patient_id = fields.UUID(required=True)
    items = fields.List(fields.Nested(PrescriptionItemView), required=True, validate=validate.Length(1, 20))
    instructions = fields.String(load_default=None, validate=validate.Length(max=2000))


class ListMyPrescriptions(PageQuery):
    """One's own prescriptions, newest first."""

    service, roles, returns = "clinical", frozenset({Role.PATIENT}), page_of(PrescriptionView)
    patient_id = fields.UUID(required=True)


class ListPrescriptionsOfPatient(PageQuery):
    """The prescriptions of a patient in the doctor's care, newest first. NotFound: not in one's care."""

    service, roles, returns = "clinical", frozenset({Role.DOCTOR}), page_of(PrescriptionView)
    patient_id = fields.UUID(required=True)


class PrescriptionAdded(Event):
    """A doctor has prescribed something."""

    service, subject = "clinical", "prescription_id"
    heard_by = ("notify.on_prescription_added",)
    prescription_id = fields.UUID()
    patient_id = fields.UUID()
    doctor_id = fields.UUID()
    example = {
        "prescription_id": "01919c5e-0000-7000-8000-0000000000b1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "doctor_id": "01919c5e-0000-7000-8000-000000000002",
    }
