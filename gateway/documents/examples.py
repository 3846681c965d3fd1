"""Examples of bodies and replies, built from their schemas: each field's own example, or a value of its type."""

from collections.abc import Mapping
from hashlib import sha256
from inspect import get_annotations

from marshmallow import fields

from chassis.contract import View, snake_case
from gateway.documents.links import CALLED
from gateway.documents.objects import COMBINED, Json, Schema, component_of
from records.record import Derived

WORDS = "as agreed"
SELDOM = frozenset({"overbook_reason", "minutes", "confirmed_new", "displace", "overrides"})
"""Fields for special cases, which examples of a usual request leave out."""
IDS = "01919c5e-0000-7000-8000-"
NAMED: dict[str, Json] = {
    "access_token": "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI...",
    "action": "prescribe",
    "address": "192.0.2.7",
    "author_name": "Dr Ada Okafor",
    "batch": "A-2217",
    "city": "Vienna",
    "code": "492039",
    "country": "AT",
    "currency": "EUR",
    "current_password": "quiet-harbour-lantern-27",
    "data_version": "2026.12.1",
    "decided_by_name": "Dr Ada Okafor",
    "decision_reason": "Seen on both receipts.",
    "declined_reason": "Out of stock.",
    "description": "Before breakfast.",
    "device": "Firefox on Linux",
    "doctor_name": "Dr Ada Okafor",
    "email": "asha@example.org",
    "ends_at": "2026-11-23T17:00:00+00:00",
    "expires_in": 900,
    "family_name": "Rao",
    "finding": "500e66003e6f02f5f40b",
    "former_reason": "Chest pain since Monday",
    "frequency": "every 8 hours",
    "given_name": "Asha",
    "instructions": "With a glass of water, after meals.",
    "kind": "appointment_booked",
    "language": "de",
    "licence_number": "DE-4711",
    "lines": ["Ringstrasse 1"],
    "locale": "de-AT",
    "medicine": "Amoxicillin",
    "message": "Your appointment on Monday 23 November 2026, 09:00 is confirmed.",
    "mfa_token": "w7uN0wRZ3p0Vn3oB1m0lQJ7o3iT8",
    "missing": [],
    "mrn": "M-0001234-7",
    "name": "Asha Rao",
    "next": "WyIyMDI2LTExLTIzVDA5OjAwOjAwKzAwOjAwIl0",
    "note": "My tablets last until Friday.",
    "notices": [],
    "otpauth_uri": "otpauth://totp/Matron:asha@example.org?secret=JBSWY3DPEHPK3PXP&issuer=Matron",
    "override_reason": "Mechanical valve; cardiology agrees.",
    "password": "quiet-harbour-lantern-27",
    "patient_name": "Asha Rao",
    "phone": "+4930901820",
    "place": "Room 214",
    "postal_code": "1010",
    "provider": "sandbox",
    "provider_payment_id": "pi_3QK2xTmN0wRZ3p0V",
    "provider_refund_id": "re_3QK2xTmN0wRZ3p0V",
    "qr_code": "data:image/svg+xml;base64,PHN2Zy8+",
    "reason": "Chest pain since yesterday",
    "recovery_codes": ["h4k2-9mzt-x7qd"],
    "reference": "8f14e45fceea167a5a36dedd4bea2543cd2f0a11",
    "refresh_token": "q0Zb7r1TnU0gq7m1C3E2yAq0Zb7r1TnU0gq7m1C3E2yA",
    "relation": "mother",
    "request_id": "01919c5e-0000-7000-8000-0000000000a1",
    "reviewed_by": "Lin Park, pharmacist",
    "role": "doctor",
    "roles": ["patient"],
    "secret": "JBSWY3DPEHPK3PXP",
    "service": "scheduling",
    "source": "FDA label: COUMADIN (warfarin), section 7 Drug interactions",
    "specialization": "cardiology",
    "statement": "Ten years on the ward.",
    "status_reason": "The doctor is away.",
    "subject": "Amoxicillin",
    "substances": ["amoxicillin"],
    "text": "rao",
    "timezone": "Europe/Vienna",
    "title": "Take a blood sample",
    "to": "17:00",
    "token": "q0Zb7r1TnU0gq7m1C3E2yA",
    "token_type": "Bearer",
    "unchecked_reason": "The data is being restored, and the patient needs the medicine now.",
    "unit": "mg",
    "unmatched": [],
    "ward": "Ward 3 North",
}
"""Examples by a field's name, if the field accepts them. A field's own `metadata={"example": ...}` has precedence."""
FORMATS = {"uri": "https://hospital.example/", "decimal": "12.50"}


def example_of(schema: Schema, components: Mapping[str, Schema]) -> Json:
    """Return an example of a schema. A field with a pattern needs its own example; a test finds a missing one.

    Members marked `x-alone` exclude the others, and are left out.
    """
    if "$ref" in schema:
        return example_of(components[component_of(schema)], components)
    given: list[Json] = [*schema.get("examples", ()), *schema.get("enum", ())]
    if given or schema.get("default") is not None:
        return given[0] if given else schema["default"]
    options = next((schema[name] for name in COMBINED if name in schema), None)
    return _by_type(schema, components) if options is None else example_of(options[0], components)


def _by_type(schema: Schema, components: Mapping[str, Schema]) -> Json:
    """Return an example by the type alone."""
    kinds = schema.get("type", "null")
    kind = kinds if isinstance(kinds, str) else next(name for name in kinds if name != "null")
    if kind == "object":
        members = schema.get("properties", {}).items()
        shown = [(name, part) for name, part in members if name not in SELDOM and not part.get("x-alone")]
        return {name: example_of(part, components) for name, part in shown}
    if kind == "array":
        return [example_of(schema["items"], components)] * max(1, schema.get("minItems", 1))
    return _plain(kind, schema)


def _plain(kind: str, schema: Schema) -> Json:
    if kind == "string":
        return _text(schema)
    if kind in ("integer", "number"):
        return _number(schema)
    return {"boolean": True}.get(kind)


def _text(schema: Schema) -> str:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", len(WORDS))
    text = FORMATS.get(schema.get("format", ""), WORDS)
    return text if shortest <= len(text) <= longest or "format" in schema else "x" * min(longest, max(shortest, 8))


def _number(schema: Schema) -> float:
    lowest = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    if "exclusiveMaximum" in schema:
        return (lowest + schema["exclusiveMaximum"]) / 2
    return lowest + 1 if lowest < schema.get("maximum", lowest + 1) else lowest


def id_of(field: fields.UUID) -> str:
    """Return an example id. It is the same for all fields of one kind of record, and differs between the kinds."""
    return IDS + sha256(_kind(field).encode()).hexdigest()[:12]


def _kind(field: fields.UUID) -> str:
    """Return the kind of record of an id: `appointment` for `id` of an `AppointmentView`, and for `appointment_id`."""
    name, holder = field.data_key or field.name or "", field.parent
    if name == "id" and isinstance(holder, Derived) and issubclass(holder.record, View):
        first = next(base for base in reversed(holder.record.__mro__) if "id" in get_annotations(base))
        own = snake_case(first.__name__.removesuffix("View").removesuffix("Row"))
        name = CALLED.get(own, own)
    return name.removesuffix("_id").rpartition("_")[2]
