"""Cursors of the lists of scheduling, as callers see them: each is of its own list alone."""

from itertools import permutations
from typing import Any

from chassis.contract import PageQuery
from chassis.persistence.database import Database
from contracts.scheduling.appointments.queries import ListDoctorAppointments
from contracts.scheduling.availability import ListDoctors, ListSlots, ListTimeOff
from tests.scheduling.asking import DONE, ask
from tests.scheduling.availability.test_time_off import take
from tests.scheduling.factories import at, book, doctor, in_transaction

LISTS: dict[type[PageQuery], tuple[str, ...]] = {
    ListDoctors: (),
    ListSlots: ("doctor_id",),
    ListTimeOff: ("doctor_id",),
    ListDoctorAppointments: ("doctor_id",),
}
"""Of several kinds: any query, slots, a listing of one table, and one by time."""


def test_each_list_goes_on_from_its_own_cursor_and_from_no_other(fresh: Database) -> None:
    who = in_transaction(fresh, doctor)
    in_transaction(fresh, doctor)
    for day in (5, 6):
        in_transaction(fresh, lambda session, day=day: take(session, who, starts_at=at(day), ends_at=at(day, 10)))
        in_transaction(fresh, lambda session, day=day: book(session, who, starts_at=at(day - 2)))

    def asked(contract: type[PageQuery], **more: Any) -> Any:
        return ask(fresh, who, contract, {**dict.fromkeys(LISTS[contract], who.person), "limit": 1, **more})

    cursors = {contract: asked(contract).reply["next"] for contract in LISTS}
    own = {contract: asked(contract, cursor=cursor).code for contract, cursor in cursors.items()}
    assert own == dict.fromkeys(LISTS, DONE)
    others = {asked(contract, cursor=cursors[another]).code for contract, another in permutations(LISTS, 2)}
    assert others == {"bad_cursor"}
