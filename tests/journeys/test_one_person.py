"""A person is the same in all services: one phone number, and a record only as patient."""

from tests.hospital import Hospital, eventually
from tests.people import Person, approved_staff, verified_patient

ACCOUNT, RECORD = "/api/users/me", "/api/patient/profile"
HERS, OTHER, THIRD = "+4930111111", "+4930222222", "+4930333333"


def phones(person: Person) -> tuple[str | None, str | None]:
    """The numbers in the account and in the record."""
    return person.get(ACCOUNT)["phone"], person.get(RECORD)["phone"]


def test_phone_number_is_the_same_in_account_and_record(hospital: Hospital, admin: Person) -> None:
    person, desk = verified_patient(hospital), approved_staff(hospital, admin, "receptionist")
    person.ask("PATCH", ACCOUNT, phone=HERS)
    assert eventually(lambda: phones(person) == (HERS, HERS))
    person.ask("PATCH", RECORD, phone=OTHER)
    assert eventually(lambda: phones(person) == (OTHER, OTHER))
    desk.ask("PATCH", f"/api/staff/patients/{person.id}", phone=THIRD)
    assert eventually(lambda: phones(person) == (THIRD, THIRD))
    person.ask("PATCH", ACCOUNT, phone=None)
    assert eventually(lambda: phones(person) == (None, None))


def test_phone_number_converges_when_changed_in_both_places(hospital: Hospital) -> None:
    person = verified_patient(hospital)
    for last in (HERS, OTHER):
        person.ask("PATCH", ACCOUNT, phone=THIRD)
        person.ask("PATCH", RECORD, phone=last)
        assert eventually(lambda last=last: phones(person) == (last, last))  # type: ignore[misc]


def test_account_gets_a_record_with_the_patient_role(hospital: Hospital, admin: Person, another_admin: Person) -> None:
    name = another_admin.get(ACCOUNT)["name"]
    witness = verified_patient(hospital, f"{name} Witness")
    found = lambda: {row["id"] for row in admin.get("/api/staff/patients", name=name)["items"]}  # noqa: E731  called repeatedly
    assert eventually(lambda: witness.id in found())
    assert found() == {witness.id}
    record = f"/api/staff/patients/{another_admin.id}"
    assert hospital.call("GET", record, token=admin.token).status_code == 404
    admin.ask("PUT", f"/api/admin/users/{another_admin.id}/roles", roles=["admin", "patient"])
    assert eventually(lambda: found() == {witness.id, another_admin.id})
    assert admin.get(record)["name"] == name
