"""Patients: registration, search, demographics and contact data."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from marshmallow import ValidationError, validate

from chassis.contract import Command, PageQuery, Query, View, page_of
from chassis.errors import Conflict, NotFound
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.refusals import NO_SUCH_PATIENT
from contracts.roles import DESK, Role
from contracts.several import Ids
from contracts.texts import ONE_LINE, TRIMMED, EmailText
from records.fields import OMITTED, Key, Omitted

ADDRESS_OF_ACCOUNT = Refusal(
    Conflict,
    "address_of_account",
    "This e-mail address belongs to the patient's account. Only the patient can change it.",
    "The patient has an account. Only the patient changes the e-mail address of an account.",
)
NO_SUCH_PATIENT_IN_YOUR_CARE = Refusal(NotFound, "not_found", "There is no such patient in your care.")
PROBABLE_DUPLICATE = Refusal(
    Conflict,
    "probable_duplicate",
    "This patient seems to be registered already.",
    "A registered patient has this name and birth date, or this e-mail address; `patient_ids` lists the matches. "
    "Send `confirmed_new` to register another patient.",
)
THE_PATIENT = "The patient."


class Sex(StrEnum):
    """Administrative sex (FHIR AdministrativeGender)."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"
    UNKNOWN = "unknown"


class BloodGroup(StrEnum):
    """AB0 group and Rhesus factor."""

    A_POSITIVE = "A+"
    A_NEGATIVE = "A-"
    B_POSITIVE = "B+"
    B_NEGATIVE = "B-"
    AB_POSITIVE = "AB+"
    AB_NEGATIVE = "AB-"
    O_POSITIVE = "O+"
    O_NEGATIVE = "O-"


class Whole(validate.Regexp):
    """A pattern that must match the whole text. With `$` alone, a newline at the end would pass."""

    def __call__(self, value: Any) -> Any:
        """Return the value, or raise ValidationError."""
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self.error or self.default_message)
        return value


PART = (validate.Length(1, 99), TRIMMED)
"""Rules for a part of a name. Both parts and the space between them fit in 200 characters."""
LINE = (validate.Length(1, 200), TRIMMED)
PHONE = Whole(r"^\+[1-9][0-9]{6,14}$", error="Must be an international number, such as +4930123456 (E.164).")


class AddressView(View):
    """A postal address (FHIR Address). `country` is ISO 3166-1 alpha-2."""

    lines: Annotated[list[Annotated[str, LINE]], validate.Length(1, 4)]
    city: Annotated[str, LINE]
    postal_code: Annotated[str, validate.Length(1, 20), ONE_LINE] | None = None
    country: Annotated[str, Whole(r"^[A-Z]{2}$", error="Must be two capital letters, such as DE.")]


class EmergencyContactView(View):
    """The person to call in an emergency. `relation` is free text, such as `mother`."""

    name: Annotated[str, LINE]
    phone: Annotated[str, PHONE]
    relation: Annotated[str, validate.Length(1, 50), ONE_LINE]


class PatientView(View):
    """A patient's demographics; null means unknown. Self-registered patients have only `name` and `email` at first.

    `mrn` is the medical record number. It never changes and has the form `M-0001234-` plus a check digit.
    """

    id: UUID
    mrn: str
    name: str
    given_name: str | None
    family_name: str | None
    birth_date: date | None
    sex: Sex
    phone: str | None
    email: EmailText | None
    address: AddressView | None
    blood_group: BloodGroup | None
    emergency_contact: EmergencyContactView | None
    deceased_at: datetime | None
    revision: int


class FoundPatientView(View):
    """A patient in a list of search results."""

    id: UUID
    mrn: str
    name: str
    birth_date: date | None
    sex: Sex
    phone: str | None


class RegisterPatientAtDesk(
    Command, service="clinical", roles=DESK, returns=PatientView, refuses=(PROBABLE_DUPLICATE,)
):
    """Register a patient at the desk, with or without an e-mail address.

    The error `probable_duplicate` lists similar patients in `patient_ids`. Send `confirmed_new` to register anyway.
    """

    given_name: Annotated[str, PART] | None = None
    family_name: Annotated[str, PART]
    birth_date: date
    sex: Sex
    phone: Annotated[str, PHONE] | None = None
    email: Annotated[EmailText, validate.Length(max=254)] | None = None
    address: AddressView | None = None
    blood_group: BloodGroup | None = None
    emergency_contact: EmergencyContactView | None = None
    confirmed_new: bool = False


class SearchPatients(PageQuery, service="clinical", roles=frozenset({*DESK, Role.NURSE})):
    """Search patients by id, record number, name and birth date. All given criteria must match.

    Each word of `name` matches the beginning of any part of a name. The results are ordered by name; with `name`, by
    the matching part of the name.
    """

    returns = page_of(FoundPatientView)
    ids: Annotated[Ids, Key("id")] | None = None
    mrn: Annotated[str, validate.Length(1, 30), "The complete record number."] | None = None
    name: Annotated[str, LINE, "Beginnings of parts of the name."] | None = None
    birth_date: Annotated[date, "Only patients with this birth date."] | None = None


class GetPatient(Query, service="clinical", roles=frozenset({*DESK, Role.NURSE}), returns=PatientView):
    """Get a patient's demographics."""

    patient_id: Annotated[UUID, THE_PATIENT]


class CorrectPatient(
    Command, service="clinical", roles=DESK, returns=PatientView, revised=True, refuses=(ADDRESS_OF_ACCOUNT,)
):
    """Correct a patient's demographics. Omitted fields stay the same; null clears a field."""

    patient_id: Annotated[UUID, THE_PATIENT]
    given_name: Annotated[str, PART] | Omitted | None = OMITTED
    family_name: Annotated[str, PART] | Omitted = OMITTED
    birth_date: date | Omitted = OMITTED
    sex: Sex | Omitted = OMITTED
    phone: Annotated[str, PHONE] | Omitted | None = OMITTED
    email: Annotated[EmailText, validate.Length(max=254)] | Omitted | None = OMITTED
    address: AddressView | Omitted | None = OMITTED
    blood_group: BloodGroup | Omitted | None = OMITTED
    emergency_contact: EmergencyContactView | Omitted | None = OMITTED
    deceased_at: datetime | Omitted | None = OMITTED


class GetMyProfile(
    Query, service="clinical", roles=frozenset({Role.PATIENT}), returns=PatientView, refuses=(NO_SUCH_PATIENT,)
):
    """Get the caller's own demographics. Waits up to a second for the record of a new account."""

    patient_id: Annotated[UUID, THE_PATIENT]


class UpdateMyProfile(
    Command,
    service="clinical",
    roles=frozenset({Role.PATIENT}),
    returns=PatientView,
    revised=True,
    refuses=(NO_SUCH_PATIENT,),
):
    """Update the caller's own contact data. Omitted fields stay the same; null clears a field.

    The desk corrects all other fields.
    """

    patient_id: Annotated[UUID, THE_PATIENT]
    phone: Annotated[str, PHONE] | Omitted | None = OMITTED
    address: AddressView | Omitted | None = OMITTED
    emergency_contact: EmergencyContactView | Omitted | None = OMITTED


class PatientEvent(Event):
    """Base of the events about a patient's contact data. They are internal, because they carry contact data.

    `phone_changed_at` is the time of the last change of the phone number. It is null before the first change.
    """

    patient_id: UUID
    name: str
    email: EmailText | None
    phone: str | None
    phone_changed_at: datetime | None = None
    example = {
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "name": "Asha Rao",
        "email": "asha@example.org",
        "phone": "+4930123456",
        "phone_changed_at": "2026-11-23T08:00:00+00:00",
    }


class PatientRegistered(
    PatientEvent,
    service="clinical",
    subject="patient_id",
    internal=True,
    heard_by=("notify.on_patient_registered", "auth.on_patient_registered", "scheduling.on_patient_registered"),
):
    """The desk has registered a patient. The patient has no account yet."""


class PatientUpdated(
    PatientEvent,
    service="clinical",
    subject="patient_id",
    internal=True,
    heard_by=("notify.on_patient_updated", "auth.on_patient_updated"),
):
    """A patient's name, e-mail address or phone number has changed."""


class PatientIdentityChanged(
    Event,
    service="clinical",
    subject="patient_id",
    internal=True,
    heard_by=("scheduling.on_patient_identity_changed", "billing.on_patient_identity_changed"),
):
    """A patient has a new record, name or birth date. Internal, because it identifies the patient."""

    patient_id: UUID
    name: str
    mrn: str
    birth_date: date | None
    example = {
        "patient_id": PatientEvent.example["patient_id"],
        "name": "Asha Rao",
        "mrn": "M-0001234-6",
        "birth_date": "1984-02-29",
    }


class PatientVitalStatusChanged(
    Event,
    service="clinical",
    subject="patient_id",
    internal=True,
    heard_by=("scheduling.on_patient_vital_status_changed", "notify.on_patient_vital_status_changed"),
):
    """The desk has recorded a patient's death. With `deceased_at` null, the record of the death was a mistake."""

    patient_id: UUID
    deceased_at: datetime | None
    revision: int
    example = {
        "patient_id": PatientEvent.example["patient_id"],
        "deceased_at": "2026-11-23T03:10:00+00:00",
        "revision": 3,
    }
