"""The data and the requests of clinical: vital signs, long histories, and results of the laboratory."""

import json

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
CHARTS, ENTRIES = 10, 10_000
"""The number of patients with long histories, and the number of entries of each."""
TECHNICIANS, ORDERS = 20, 50_000
POTASSIUM, MMOL = "2823-3", "mmol/L"
"""A test of the catalogue, and its unit."""
_READING = {
    "status": "final",
    "measured_at": "2026-01-02T03:04:05+00:00",
    **HEALTHY,
    "pulse": 72,
    "abnormal": [],
    "news2": {"score": 0, "level": "low", "status": "complete", "scale": 1},
}
_NOTE = {"status": "final", "code": "J45.9"}


def requests(token_of: Tokens) -> dict[str, Requests]:
    """Return the requests of each operation."""

    def vitals(number: int) -> str:
        path = f"/api/staff/update-vitals/{seeds.patient_id(number % seeds.READERS)}"
        body = {**HEALTHY, "pulse": 60 + number % 30}
        return request("POST", path, token_of(seeds.nurse_id(number % NURSES), "nurse"), orjson.dumps(body).decode())

    def history(number: int) -> str:
        reader = seeds.patient_id(seeds.READERS + number % CHARTS)
        return request("GET", "/api/patient/history?limit=50", token_of(reader, "patient"))

    def result(number: int) -> str:
        if number >= ORDERS:
            raise SystemExit("bench: more results than there are orders; measure for a shorter time")
        results = [{"test": POTASSIUM, "value": 3.6 + number % 14 / 10, "unit": MMOL}]
        body = orjson.dumps({"order_id": seeds.order_id(number), "results": results}).decode()
        token = token_of(seeds.technician_id(number % TECHNICIANS), "lab_technician")
        return request("POST", "/api/staff/upload-lab-test", token, body)

    return {
        "vitals": Requests(vitals, once=True),
        "history": Requests(history),
        "result": Requests(result, once=True),
    }


def seed(url: str) -> None:
    """Add patients and the names of staff, long histories, and orders whose specimens the laboratory has received."""
    seeds.fill(
        url,
        f"""
        INSERT INTO patient (id, mrn, name, name_key, birth_date, sex, revision, changed_by)
        SELECT {seeds.PATIENT_ID.format("g")}, 'bench-' || g, 'Patient ' || g, 'patient ' || g, '1970-01-02', 'female',
            1, g + 1
        FROM generate_series(0, {seeds.READERS + CHARTS - 1}) g
        """,  # noqa: S608  the words are ours
        _names(seeds.DOCTOR_ID, "Dr", seeds.DOCTORS),
        _names(seeds.NURSE_ID, "Nurse", NURSES),
        _names(seeds.TECHNICIAN_ID, "Technician", TECHNICIANS),
        _histories(),
        *_orders(),
    )


def _names(id_: str, title: str, count: int) -> str:
    """Return the statement that adds the names of this number of people."""
    return f"""
        INSERT INTO person (id, name, changed_by)
        SELECT {id_.format("g")}, '{title} ' || g, g + 1 FROM generate_series(0, {count - 1}) g
    """  # noqa: S608  the words are ours


def _histories() -> str:
    """Return the statement that adds the histories. Two of three entries are vital signs.

    The rows are in the order of time, so that the entries of a patient are in different pages of the table.
    """
    reading, note = json.dumps(_READING), json.dumps(_NOTE)  # A colon before a letter would be a parameter.
    return f"""
        INSERT INTO history_entry (id, patient_id, kind, record_id, version, at, title, details, author_id)
        SELECT gen_random_uuid(), {seeds.PATIENT_ID.format(f"(p + {seeds.READERS})")},
            CASE WHEN is_reading THEN 'vitals' ELSE 'diagnosis' END,
            uuid_in(md5(p || '-' || g / 2)::cstring), 1 + g % 2,
            timestamptz '2016-01-01 00:00Z' + g * interval '8 hours',
            CASE WHEN is_reading THEN 'Vital signs' ELSE 'Asthma' END,
            CASE WHEN is_reading THEN '{reading}'::json ELSE '{note}'::json END,
            CASE WHEN is_reading THEN {seeds.NURSE_ID.format(f"(g % {NURSES})")}
                 ELSE {seeds.DOCTOR_ID.format(f"(g % {seeds.DOCTORS})")} END
        FROM generate_series(1, {ENTRIES}) g, generate_series(0, {CHARTS - 1}) p,
            LATERAL (SELECT g / 2 % 3 > 0 AS is_reading) kinds
    """  # noqa: S608  the words are ours


def _orders() -> list[str]:
    """Return the statements that add orders of one test each, with their received specimens."""
    order, patient = seeds.ORDER_ID.format("g"), seeds.PATIENT_ID.format(f"(g % {seeds.READERS})")
    series = f"FROM generate_series(0, {ORDERS - 1}) g"
    return [
        f"""
        INSERT INTO lab_order (id, patient_id, doctor_id, priority, urgency, status, ordered_at, revision)
        SELECT {order}, {patient}, {seeds.DOCTOR_ID.format(f"(g % {seeds.DOCTORS})")}, 'routine', 2, 'received',
            now() - interval '2 hours', 3 {series}
        """,
        f"""
        INSERT INTO specimen (number, order_id, specimen, collected_by, collected_at)
        SELECT g + 1, {order}, 'serum', {seeds.NURSE_ID.format(f"(g % {NURSES})")}, now() - interval '1 hour' {series}
        """,
        f"""
        INSERT INTO ordered_test (id, order_id, patient_id, position, code, name, specimen, status, specimen_number)
        SELECT gen_random_uuid(), {order}, {patient}, 0, '{POTASSIUM}', 'Potassium', 'serum or plasma', 'received',
            g + 1 {series}
        """,
    ]
