"""Named sets of values in the OpenAPI document: each is one component, and every use refers to it.

Otherwise a client generator would create a type for each member, parameter and reply.
"""

from collections.abc import Mapping
from typing import Literal

from gateway.documents.objects import Body, Choice, Document, Schema, mapped, media_of, operations_of, parameters_of

MEMBERS = {
    "AccessBasis": ("ChartAccessView", "basis"),
    "AccountStatus": ("AccountView", "status"),
    "AcknowledgedHow": ("AcknowledgementView", "how"),
    "AllergyCertainty": ("AllergyView", "certainty"),
    "AllergySeverity": ("AllergyView", "severity"),
    "AllergyStatement": ("ChecksView", "allergies"),
    "AllergyStatus": ("AllergyView", "status"),
    "AppointmentStatus": ("AppointmentView", "status"),
    "AttachmentKind": ("AttachmentView", "kind"),
    "AttachmentStatus": ("AttachmentView", "status"),
    "BloodGroup": ("PatientView", "blood_group"),
    "ChartPart": ("ChartAccessView", "part"),
    "CheckGap": ("GapView", "reason"),
    "CheckOccasion": ("MedicationOverrideView", "occasion"),
    "ConditionStatus": ("ConditionView", "status"),
    "Consciousness": ("VitalsView", "consciousness"),
    "CriticalAlertStatus": ("CriticalAlertStateView", "status"),
    "CriticalAlertStep": ("CriticalAlertView", "step"),
    "CriticalLimitStatus": ("CriticalLimitView", "status"),
    "DeviceState": ("ItemView", "state"),
    "FindingKind": ("FindingView", "kind"),
    "FindingSeverity": ("FindingView", "severity"),
    "HistoryKind": ("HistoryEntryView", "kind"),
    "InvoiceStatus": ("InvoiceView", "status"),
    "ItemKind": ("ItemView", "kind"),
    "LabFlag": ("LabResultView", "flag"),
    "LabPriority": ("LabOrderView", "priority"),
    "LabResultStatus": ("LabResultView", "status"),
    "LabStatus": ("LabOrderView", "status"),
    "MedicineDataState": ("ChecksView", "data_state"),
    "MedicineRoute": ("PrescriptionItemView", "route"),
    "MovementKind": ("MovementView", "kind"),
    "News2Level": ("News2View", "level"),
    "News2Status": ("News2View", "status"),
    "MediaType": ("AttachmentView", "media_type"),
    "NotificationKind": ("NotificationView", "kind"),
    "NotificationSubject": ("NotificationView", "subject_type"),
    "Outcome": ("StatusView", "status"),
    "OverrideKind": ("MedicationOverrideView", "kind"),
    "PaymentStatus": ("PaymentView", "status"),
    "PaymentProvider": ("PaymentProviderView", "provider"),
    "PrescriptionStatus": ("PrescriptionView", "status"),
    "ReactionTiming": ("AllergyView", "timing"),
    "RecordKind": ("RecordView", "kind"),
    "RecordStatus": ("RecordView", "status"),
    "ReferenceDataStatus": ("DataView", "status"),
    "RefillStatus": ("RefillRequestView", "status"),
    "RefundStatus": ("RefundView", "status"),
    "Role": ("UserView", "roles"),
    "Sex": ("PatientView", "sex"),
    "ShiftStatus": ("ShiftView", "status"),
    "StaffRole": ("ColleagueView", "roles"),
    "StockAlertKind": ("StockAlertView", "kind"),
    "SwapStatus": ("SwapView", "status"),
    "TaskPriority": ("TaskView", "priority"),
    "TaskStatus": ("TaskView", "status"),
    "UpgradeRequestStatus": ("UpgradeRequestView", "status"),
    "VitalSign": ("VitalsView", "abnormal"),
    "VitalsStatus": ("VitalsView", "status"),
}
"""The names, and a view's member with exactly these values."""
PARAMETERS = {"Order": "order"}
"""Sets that no view uses: the names, and a query parameter with exactly these values."""
BODIES = {"Decision": ("decide_refund", "decision")}
"""Sets that no view uses: the names, and an operation whose body has a field with exactly these values."""
KEPT: tuple[Literal["default", "description", "examples"], ...] = ("default", "description", "examples")
Known = dict[frozenset[Choice], str]
"""The names of the components by their values."""


def name_all(made: Document) -> None:
    """Create the components, and refer to them in place of each list of the same values."""
    components, known = made["components"]["schemas"], Known()
    for name, schema in _schemas(made).items():
        values: list[Choice] = [value for value in schema.get("items", schema).get("enum", ()) if value is not None]
        if values:
            known[frozenset(values)] = name
            components[name] = {"type": "string", "enum": values}
    others = {name: schema for name, schema in components.items() if name not in known.values()}
    components.update({name: _refer(schema, known) for name, schema in others.items()})
    for operation in operations_of(made):
        for part in (*parameters_of(operation), *media_of(operation)):
            part["schema"] = _refer(part["schema"], known)


def _schemas(made: Document) -> Mapping[str, Schema]:
    """Return the schemas with the values, by the names of the future components."""
    components = made["components"]["schemas"]
    parameters = {one["name"]: one["schema"] for each in operations_of(made) for one in parameters_of(each)}
    views = {name: components.get(view, {}).get("properties", {}).get(key, {}) for name, (view, key) in MEMBERS.items()}
    bodies = {each["operationId"]: each["requestBody"] for each in operations_of(made) if "requestBody" in each}
    sent = {name: _field(bodies[operation], key) for name, (operation, key) in BODIES.items() if operation in bodies}
    return {**views, **sent, **{name: parameters.get(asked, {}) for name, asked in PARAMETERS.items()}}


def _field(body: Body, key: str) -> Schema:
    """Return the schema of a field of a request body."""
    [content] = body["content"].values()
    return content["schema"]["properties"][key]


def _refer(schema: Schema, known: Known) -> Schema:
    """Return a schema with references in place of lists of values, at any depth."""
    if "enum" in schema:
        return _referring(schema, known)
    return mapped(schema, lambda part: _refer(part, known))


def _referring(schema: Schema, known: Known) -> Schema:
    values = [value for value in schema["enum"] if value is not None]
    name = known.get(frozenset(values))
    if name is None:
        return schema
    target: Schema = {"$ref": f"#/components/schemas/{name}"}
    made: Schema = {"anyOf": [target, {"type": "null"}]} if len(values) < len(schema["enum"]) else {"allOf": [target]}
    for key in KEPT:
        if key in schema:
            made[key] = schema[key]
    return target if made == {"allOf": [target]} else made
