"""Data that several journeys send."""

MEDICINE = {
    "medicine": "Amoxicillin",
    "dose": {"value": 500, "unit": "mg"},
    "route": "oral",
    "frequency": "three times a day",
    "days": 7,
    "quantity": 21,
    "refills": 0,
}
