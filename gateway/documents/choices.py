"""Sets of values that have a name in the OpenAPI document: one component each, and everything else refers to it.

Without that, a generator of clients would make a type of its own for every member, parameter and reply.
"""

from typing import Any

PLACES = {
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
"""The names, and a view's member that has just these values."""
ASKED = {"Order": "order"}
"""Those that no view has: the names, and a query's parameter."""
KEPT = ("default", "description", "examples")


def name_all(made: dict[str, Any]) -> None:
    """Make the components, and refer to them wherever the same values are listed."""
    components, known = made["components"]["schemas"], dict[frozenset[str], str]()
    for name, schema in _places(made).items():
        values = [value for value in schema.get("items", schema).get("enum", ()) if value is not None]
        if values:
            known[frozenset(values)] = name
            components[name] = {"type": "string", "enum": values}
    for part in (made["paths"], {name: one for name, one in components.items() if name not in known.values()}):
        _refer(part, known)


def _places(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The schemas that have the values, by the names of the components to be."""
    components, operations = (
        made["components"]["schemas"],
        [one for path in made["paths"].values() for one in path.values()],
    )
    parameters = {
        part.get("name"): part["schema"] for one in operations for part in one["parameters"] if "name" in part
    }
    views = {name: components.get(view, {}).get("properties", {}).get(key, {}) for name, (view, key) in PLACES.items()}
    return {**views, **{name: parameters.get(asked, {}) for name, asked in ASKED.items()}}


def _refer(node: Any, known: dict[frozenset[str], str]) -> None:
    """Put references in the place of lists of values, at any depth."""
    places = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, part in list(places):
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
