"""Cursors of the lists of scheduling. A cursor belongs to one list."""

from itertools import permutations
from typing import Any

from chassis.contract import PageQuery
from chassis.persistence.database import Database
from contracts.scheduling.appointments.queries import ListDoctorAppointments
from contracts.scheduling.availability import ListDoctors, ListSlots, ListTimeOff
from tests.scheduling.concurrency import in_transaction
from tests.scheduling.factories import add_doctor, at, book
from tests.scheduling.service_client import DONE, ask
from tests.scheduling.time_off_steps import take_time_off

LISTS: dict[type[PageQuery], tuple[str, ...]] = {
    ListDoctors: (),
    ListSlots: ("doctor_id",),
    ListTimeOff: ("doctor_id",),
    ListDoctorAppointments: ("doctor_id",),
}
"""Lists of each kind, and the field that names the doctor."""


def test_cursor_is_accepted_only_by_its_own_list(fresh_database: Database) -> None:
    doctor = in_transaction(fresh_database, add_doctor)
    in_transaction(fresh_database, add_doctor)
    for day in (5, 6):
        in_transaction(
            fresh_database,
            lambda session, day=day: take_time_off(session, doctor, starts_at=at(day), ends_at=at(day, 10)),
        )
        in_transaction(fresh_database, lambda session, day=day: book(session, doctor, starts_at=at(day - 2)))

    def ask_for_page(contract: type[PageQuery], **more: Any) -> Any:
        return ask(
            fresh_database, doctor, contract, {**dict.fromkeys(LISTS[contract], doctor.person), "limit": 1, **more}
        )

    cursors = {contract: ask_for_page(contract).reply["next"] for contract in LISTS}
    own_outcomes = {contract: ask_for_page(contract, cursor=cursor).code for contract, cursor in cursors.items()}
    assert own_outcomes == dict.fromkeys(LISTS, DONE)
    foreign_outcomes = {
        ask_for_page(contract, cursor=cursors[another]).code for contract, another in permutations(LISTS, 2)
    }
    assert foreign_outcomes == {"bad_cursor"}
