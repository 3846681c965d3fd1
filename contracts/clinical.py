"""What is said to and by the clinical service: what was found and done."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from chassis.contract import Command, Integer, PageQuery, Query, View, page_of
from chassis.event import Event
from contracts.audit import ADMINS, AuditPage, AuditQuery
from contracts.moments import Moment
from contracts.roles import DESK, Role
from contracts.several import Ids
from contracts.texts import ONE_LINE, TRIMMED

THE_PATIENT: dict[str, str] = {"description": "The patient."}
SEXES = ("male", "female", "other", "unknown")
"""FHIR AdministrativeGender."""
BLOOD_GROUPS = ("A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-")


class Whole(validate.Regexp):
    """A pattern for the whole text: `$` alone lets a newline through at the end."""

    def __call__(self, value: Any) -> Any:
        """The value, or ValidationError."""
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self.error or self.default_message)
        return value


PART = (validate.Length(1, 99), TRIMMED)
"""A part of a name. Both parts, and the blank between them, fit in 200 characters."""
LINE = (validate.Length(1, 200), TRIMMED)
PHONE = Whole(r"^\+[1-9][0-9]{6,14}$", error="Must be an international number, such as +4930123456 (E.164).")
ROUTES = ("oral", "intravenous", "intramuscular", "subcutaneous", "topical", "inhaled", "rectal", "sublingual", "other")


class DoseView(View):
    """A dose: value and unit (UCUM, such as `mg`)."""

    value = fields.Float(required=True, validate=validate.Range(min=0, min_inclusive=False, max=1_000_000))
    unit = fields.String(required=True, validate=(validate.Length(1, 30), ONE_LINE))


class PrescriptionItemView(View):
    """One medicine of a prescription. `refills` do not count the first fill."""

    medicine = fields.String(required=True, validate=(validate.Length(1, 200), ONE_LINE))
    dose = fields.Nested(DoseView, required=True)
    route = fields.String(required=True, validate=validate.OneOf(ROUTES))
    frequency = fields.String(required=True, validate=(validate.Length(1, 100), ONE_LINE))
    days = Integer(required=True, validate=validate.Range(1, 365))
    quantity = Integer(required=True, validate=validate.Range(1, 10_000))
    refills = Integer(load_default=0, validate=validate.Range(0, 12))


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
    patient_id = fields.UUID(required=True, metadata=THE_PATIENT)
    items = fields.List(fields.Nested(PrescriptionItemView), required=True, validate=validate.Length(1, 20))
    instructions = fields.String(load_default=None, validate=validate.Length(max=2000))


class ListMyPrescriptions(PageQuery):
    """One's own prescriptions, newest first."""

    service, roles, returns = "clinical", frozenset({Role.PATIENT}), page_of(PrescriptionView)
    patient_id = fields.UUID(required=True, metadata=THE_PATIENT)


class ListPrescriptionsOfPatient(PageQuery):
    """The prescriptions of a patient in the doctor's care, newest first. NotFound: not in one's care."""

    service, roles, returns = "clinical", frozenset({Role.DOCTOR}), page_of(PrescriptionView)
    patient_id = fields.UUID(required=True, metadata=THE_PATIENT)


class AddressView(View):
    """A postal address (FHIR Address). `country` is ISO 3166-1 alpha-2."""

    lines = fields.List(fields.String(validate=LINE), required=True, validate=validate.Length(1, 4))
    city = fields.String(required=True, validate=LINE)
    postal_code = fields.String(load_default=None, allow_none=True, validate=(validate.Length(1, 20), ONE_LINE))
    country = fields.String(required=True, validate=Whole(r"^[A-Z]{2}$", error="Must be two capitals, such as DE."))


class EmergencyContactView(View):
    """Whom to call. `relation` to the patient in their own words, such as `mother`."""

    name = fields.String(required=True, validate=LINE)
    phone = fields.String(required=True, validate=PHONE)
    relation = fields.String(required=True, validate=(validate.Length(1, 50), ONE_LINE))


class PatientView(View):
    """A patient's demographics. Null is what nobody has told; who registered alone has told only `name` and `email`.

    `mrn` is the medical record number, which never changes: `M-0001234-` and a check digit.
    """

    id = fields.UUID()
    mrn = fields.String()
    name = fields.String()
    given_name = fields.String(allow_none=True)
    family_name = fields.String(allow_none=True)
    birth_date = fields.Date(allow_none=True)
    sex = fields.String(validate=validate.OneOf(SEXES))
    phone = fields.String(allow_none=True)
    email = fields.Email(allow_none=True)
    address = fields.Nested(AddressView, allow_none=True)
    blood_group = fields.String(allow_none=True, validate=validate.OneOf(BLOOD_GROUPS))
    emergency_contact = fields.Nested(EmergencyContactView, allow_none=True)
    deceased_at = fields.AwareDateTime(allow_none=True)
    revision = fields.Integer()


class FoundPatientView(View):
    """What tells one patient from another in a list."""

    id = fields.UUID()
    mrn = fields.String()
    name = fields.String()
    birth_date = fields.Date(allow_none=True)
    sex = fields.String(validate=validate.OneOf(SEXES))
    phone = fields.String(allow_none=True)


class RegisterPatientAtDesk(Command):
    """Open the record of a patient who stands at the desk, with or without an e-mail address.

    Conflict: `probable_duplicate` when a patient has the same name and birth date, or the same address. Its member
    `patient_ids` says who; sending it again with `confirmed_new` registers another patient all the same.
    """

    service, roles, returns = "clinical", DESK, PatientView
    given_name = fields.String(load_default=None, allow_none=True, validate=PART)
    family_name = fields.String(required=True, validate=PART)
    birth_date = fields.Date(required=True)
    sex = fields.String(required=True, validate=validate.OneOf(SEXES))
    phone = fields.String(load_default=None, allow_none=True, validate=PHONE)
    email = fields.Email(load_default=None, allow_none=True, validate=validate.Length(max=254))
    address = fields.Nested(AddressView, load_default=None, allow_none=True)
    blood_group = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(BLOOD_GROUPS))
    emergency_contact = fields.Nested(EmergencyContactView, load_default=None, allow_none=True)
    confirmed_new = fields.Boolean(load_default=False)


class SearchPatients(PageQuery):
    """Patients by id, record number, name and birth date, all of what is given, in order of their names.

    Each word of `name` may be the beginning of any part of the patient's name; they come in order of that part then.
    """

    service, roles = "clinical", frozenset({*DESK, Role.NURSE})
    returns = page_of(FoundPatientView)
    ids = Ids(load_default=None, data_key="id")
    mrn = fields.String(
        load_default=None, validate=validate.Length(1, 30), metadata={"description": "The whole record number."}
    )
    name = fields.String(
        load_default=None, validate=LINE, metadata={"description": "The beginnings of parts of the name."}
    )
    birth_date = fields.Date(load_default=None, metadata={"description": "Only who was born on this day."})


class GetPatient(Query):
    """A patient's demographics."""

    service, roles, returns = "clinical", frozenset({*DESK, Role.NURSE}), PatientView
    patient_id = fields.UUID(required=True, metadata=THE_PATIENT)


class CorrectPatient(Command):
    """Change what the desk knows of a patient: what is left out stays, and null takes away.

    Conflict: `address_of_account` when the address is that of the patient's account, which only the patient changes.
    """

    service, roles, returns, revised = "clinical", DESK, PatientView, True
    patient_id = fields.UUID(required=True, metadata=THE_PATIENT)
    given_name = fields.String(allow_none=True, validate=PART)
    family_name = fields.String(validate=PART)
    birth_date = fields.Date()
    sex = fields.String(validate=validate.OneOf(SEXES))
    phone = fields.String(allow_none=True, validate=PHONE)
    email = fields.Email(allow_none=True, validate=validate.Length(max=254))
    address = fields.Nested(AddressView, allow_none=True)
    blood_group = fields.String(allow_none=True, validate=validate.OneOf(BLOOD_GROUPS))
    emergency_contact = fields.Nested(EmergencyContactView, allow_none=True)
    deceased_at = Moment(allow_none=True)


class GetMyProfile(Query):
    """One's own demographics. They follow the account by an event, which is awaited for a second.

    NotFound: `not_found` (that event has not come in a second).
    """

    service, roles, returns = "clinical", frozenset({Role.PATIENT}), PatientView
    patient_id = fields.UUID(required=True, metadata=THE_PATIENT)


class UpdateMyProfile(Command):
    """Change how one is reached: what is left out stays, and null takes away. The desk corrects everything else.

    NotFound: `not_found` (as for one's demographics).
    """

    service, roles, returns, revised = "clinical", frozenset({Role.PATIENT}), PatientView, True
    patient_id = fields.UUID(required=True, metadata=THE_PATIENT)
    phone = fields.String(allow_none=True, validate=PHONE)
    address = fields.Nested(AddressView, allow_none=True)
    emergency_contact = fields.Nested(EmergencyContactView, allow_none=True)


class PatientEvent(Event):
    """Base of what is said of a patient's contact facts. Internal: it carries them.

    `phone_changed_at`: when the phone number became this one, or was taken away; null while it has never been told.
    """

    patient_id = fields.UUID()
    name = fields.String()
    email = fields.Email(allow_none=True)
    phone = fields.String(allow_none=True)
    phone_changed_at = fields.AwareDateTime(load_default=None, allow_none=True)
    example = {
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "name": "Asha Rao",
        "email": "asha@example.org",
        "phone": "+4930123456",
        "phone_changed_at": "2026-11-23T08:00:00+00:00",
    }


class PatientRegistered(PatientEvent):
    """The desk has opened a patient's record. The patient has no account yet."""

    service, subject, internal = "clinical", "patient_id", True
    heard_by = ("notify.on_patient_registered", "auth.on_patient_registered", "scheduling.on_patient_registered")


class PatientUpdated(PatientEvent):
    """A patient's name, e-mail address or phone number has changed."""

    service, subject, internal = "clinical", "patient_id", True
    heard_by = ("notify.on_patient_updated", "auth.on_patient_updated")


class PatientVitalStatusChanged(Event):
    """The desk has recorded that a patient has died, or that this was a mistake (null)."""

    service, subject, internal = "clinical", "patient_id", True
    heard_by = ("scheduling.on_patient_vital_status_changed", "notify.on_patient_vital_status_changed")
    patient_id = fields.UUID()
    deceased_at = fields.AwareDateTime(allow_none=True)
    revision = fields.Integer()
    example = {
        "patient_id": PatientEvent.example["patient_id"],
        "deceased_at": "2026-11-23T03:10:00+00:00",
        "revision": 3,
    }


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


class ListAudit(AuditQuery):
    """What was done in clinical."""

    service, roles, returns = "clinical", ADMINS, AuditPage
