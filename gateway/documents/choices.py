"""Named sets of values in the OpenAPI document: each is one component, and every use refers to it.

Otherwise a client generator would create a type for each member, parameter and reply.
"""

from typing import Any

MEMBERS = {
    "AccountStatus": ("AccountView", "status"),
    "AppointmentStatus": ("AppointmentView", "status"),
    "BloodGroup": ("PatientView", "blood_group"),
    "InvoiceStatus": ("InvoiceView", "status"),
    "MedicineRoute": ("PrescriptionItemView", "route"),
    "NotificationKind": ("NotificationView", "kind"),
    "NotificationSubject": ("NotificationView", "subject_type"),
    "Outcome": ("StatusView", "status"),
    "PaymentStatus": ("PaymentView", "status"),
    "PrescriptionStatus": ("PrescriptionView", "status"),
    "Role": ("UserView", "roles"),
    "Sex": ("PatientView", "sex"),
    "ShiftStatus": ("ShiftView", "status"),
    "StaffRole": ("ColleagueView", "roles"),
    "SwapStatus": ("SwapView", "status"),
    "TaskPriority": ("TaskView", "priority"),
    "TaskStatus": ("TaskView", "status"),
    "UpgradeRequestStatus": ("UpgradeRequestView", "status"),
}
"""The names, and a view's member with exactly these values."""
PARAMETERS = {"Order": "order"}
"""Sets that no view uses: the names, and a query parameter with exactly these values."""
KEPT = ("default", "description", "examples")


def name_all(made: dict[str, Any]) -> None:
    """Create the components, and refer to them in place of each list of the same values."""
    components, known = made["components"]["schemas"], dict[frozenset[str], str]()
    for name, schema in _schemas(made).items():
        values = [value for value in schema.get("items", schema).get("enum", ()) if value is not None]
        if values:
            known[frozenset(values)] = name
            components[name] = {"type": "string", "enum": values}
    others = {name: schema for name, schema in components.items() if name not in known.values()}
    for part in (made["paths"], others):
        _refer(part, known)


def _schemas(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the schemas with the values, by the names of the future components."""
    components = made["components"]["schemas"]
    operations = [operation for path in made["paths"].values() for operation in path.values()]
    parameters = {
        part["name"]: part["schema"] for operation in operations for part in operation["parameters"] if "name" in part
    }
    views = {name: components.get(view, {}).get("properties", {}).get(key, {}) for name, (view, key) in MEMBERS.items()}
    return {**views, **{name: parameters.get(asked, {}) for name, asked in PARAMETERS.items()}}


def _refer(node: Any, known: dict[frozenset[str], str]) -> None:
    """Replace lists of values by references, at any depth."""
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, part in list(parts):
        if isinstance(part, dict) and isinstance(part.get("enum"), list):
            node[key] = _referring(part, known)
        else:
            _refer(part, known)


def _referring(schema: dict[str, Any], known: dict[frozenset[str], str]) -> dict[str, Any]:
    values = [value for value in schema["enum"] if value is not None]
    name = known.get(frozenset(values))
    if name is None:
        return schema
    target = {"$ref": f"#/components/schemas/{name}"}
    kept = {key: schema[key] for key in KEPT if key in schema}
    if len(values) < len(schema["enum"]):
        return {"anyOf": [target, {"type": "null"}], **kept}
    return {"allOf": [target], **kept} if kept else target
