"""Patients: their records, demographics and who may look for them."""

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
    "The address is that of the patient's account, who alone can change it.",
    "The e-mail address is that of the patient's account: only the patient changes it.",
)
NO_SUCH_PATIENT_IN_YOUR_CARE = Refusal(NotFound, "not_found", "There is no such patient in your care.")
PROBABLE_DUPLICATE = Refusal(
    Conflict,
    "probable_duplicate",
    "This patient seems to be registered already.",
    "A patient with this name and birth date, or with this address, is registered: `patient_ids` says who. "
    "Send `confirmed_new` when it is somebody else.",
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


class AddressView(View):
    """A postal address (FHIR Address). `country` is ISO 3166-1 alpha-2."""

    lines: Annotated[list[Annotated[str, LINE]], validate.Length(1, 4)]
    city: Annotated[str, LINE]
    postal_code: Annotated[str, validate.Length(1, 20), ONE_LINE] | None = None
    country: Annotated[str, Whole(r"^[A-Z]{2}$", error="Must be two capitals, such as DE.")]


class EmergencyContactView(View):
    """Whom to call. `relation` to the patient in their own words, such as `mother`."""

    name: Annotated[str, LINE]
    phone: Annotated[str, PHONE]
    relation: Annotated[str, validate.Length(1, 50), ONE_LINE]


class PatientView(View):
    """A patient's demographics. Null is what nobody has told; who registered alone has told only `name` and `email`.

    `mrn` is the medical record number, which never changes: `M-0001234-` and a check digit.
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
    """What tells one patient from another in a list."""

    id: UUID
    mrn: str
    name: str
    birth_date: date | None
    sex: Sex
    phone: str | None


class RegisterPatientAtDesk(
    Command, service="clinical", roles=DESK, returns=PatientView, refuses=(PROBABLE_DUPLICATE,)
):
    """Open the record of a patient who stands at the desk, with or without an e-mail address.

    Its member `patient_ids` says who; sending it again with `confirmed_new` registers another patient all the same.
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
    """Patients by id, record number, name and birth date, all of what is given, in order of their names.

    Each word of `name` may be the beginning of any part of the patient's name; they come in order of that part then.
    """

    returns = page_of(FoundPatientView)
    ids: Annotated[Ids, Key("id")] | None = None
    mrn: Annotated[str, validate.Length(1, 30), "The whole record number."] | None = None
    name: Annotated[str, LINE, "The beginnings of parts of the name."] | None = None
    birth_date: Annotated[date, "Only who was born on this day."] | None = None


class GetPatient(Query, service="clinical", roles=frozenset({*DESK, Role.NURSE}), returns=PatientView):
    """A patient's demographics."""

    patient_id: Annotated[UUID, THE_PATIENT]


class CorrectPatient(
    Command, service="clinical", roles=DESK, returns=PatientView, revised=True, refuses=(ADDRESS_OF_ACCOUNT,)
):
    """Change what the desk knows of a patient: what is left out stays, and null takes away."""

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
    """One's own demographics. They follow the account by an event, which is awaited for a second."""

    patient_id: Annotated[UUID, THE_PATIENT]


class UpdateMyProfile(
    Command,
    service="clinical",
    roles=frozenset({Role.PATIENT}),
    returns=PatientView,
    revised=True,
    refuses=(NO_SUCH_PATIENT,),
):
    """Change how one is reached: what is left out stays, and null takes away. The desk corrects everything else."""

    patient_id: Annotated[UUID, THE_PATIENT]
    phone: Annotated[str, PHONE] | Omitted | None = OMITTED
    address: AddressView | Omitted | None = OMITTED
    emergency_contact: EmergencyContactView | Omitted | None = OMITTED


class PatientEvent(Event):
    """Base of what is said of a patient's contact facts. Internal: it carries them.

    `phone_changed_at`: when the phone number became this one, or was taken away; null while it has never been told.
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
    """The desk has opened a patient's record. The patient has no account yet."""


class PatientUpdated(
    PatientEvent,
    service="clinical",
    subject="patient_id",
    internal=True,
    heard_by=("notify.on_patient_updated", "auth.on_patient_updated"),
):
    """A patient's name, e-mail address or phone number has changed."""


class PatientVitalStatusChanged(
    Event,
    service="clinical",
    subject="patient_id",
    internal=True,
    heard_by=("scheduling.on_patient_vital_status_changed", "notify.on_patient_vital_status_changed"),
):
    """The desk has recorded that a patient has died, or that this was a mistake (null)."""

    patient_id: UUID
    deceased_at: datetime | None
    revision: int
    example = {
        "patient_id": PatientEvent.example["patient_id"],
        "deceased_at": "2026-11-23T03:10:00+00:00",
        "revision": 3,
    }
