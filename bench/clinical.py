"""The data and the requests of clinical: nurses record vital signs."""

import orjson

from bench import seeds
from bench.targets import Requests, Tokens, request

NURSES = 50
HEALTHY = {
    "systolic": 124,
    "diastolic": 78,
    "respiration": 16,
    "temperature": 36.8,
    "spo2": 97,
    "on_oxygen": False,
    "consciousness": "A",
}
"""A complete reading without the pulse, which differs from request to request."""


def requests(token_of: Tokens) -> dict[str, Requests]:
    """Return the requests of each operation."""

    def vitals(number: int) -> str:
        path = f"/api/staff/update-vitals/{seeds.patient_id(number % seeds.READERS)}"
        body = {**HEALTHY, "pulse": 60 + number % 30}
        return request("POST", path, token_of(seeds.nurse_id(number % NURSES), "nurse"), orjson.dumps(body).decode())

    return {"vitals": Requests(vitals, once=True)}


def seed(url: str) -> None:
    """Add patients, and the names of doctors and nurses."""
    seeds.fill(
        url,
        f"""
        INSERT INTO patient (id, mrn, name, name_key, birth_date, sex, revision, changed_by)
        SELECT {seeds.PATIENT_ID.format("g")}, 'bench-' || g, 'Patient ' || g, 'patient ' || g, '1970-01-02', 'female',
            1, g + 1
        FROM generate_series(0, {seeds.READERS - 1}) g
        """,  # noqa: S608  the words are ours
        _names(seeds.DOCTOR_ID, "Dr", seeds.DOCTORS),
        _names(seeds.NURSE_ID, "Nurse", NURSES),
    )


def _names(id_: str, title: str, count: int) -> str:
    """Return the statement that adds the names of this number of people."""
    return f"""
        INSERT INTO person (id, name, changed_by)
        SELECT {id_.format("g")}, '{title} ' || g, g + 1 FROM generate_series(0, {count - 1}) g
    """  # noqa: S608  the words are ours
