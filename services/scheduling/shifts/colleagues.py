"""Colleagues who may take a shift, and their shifts."""

from typing import cast
from uuid import UUID

from sqlalchemy import Select, Table, func, select

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import Listing, Window, page
from contracts.scheduling.refusals import NO_SUCH_COLLEAGUE
from contracts.scheduling.shifts.queries import ListColleagues, ListColleagueShifts
from contracts.scheduling.shifts.views import ColleagueShiftView
from services.scheduling.directory import people, staff
from services.scheduling.models.directory import LEFT, StaffRole
from services.scheduling.models.shifts import Shift

SHIFT, ROLE = cast("Table", Shift.__table__), cast("Table", StaffRole.__table__)
SHIFTS = Listing([SHIFT.c[name] for name in ColleagueShiftView.schema().fields], (SHIFT.c.starts_at, SHIFT.c.id))
"""The facts of a shift that a colleague needs."""


def listing(session: Session, actor: Actor, query: ListColleagues) -> Page:
    """List the staff who share a role with the caller, by id. People who left are excluded."""
    theirs, own = _in_force(), _in_force().subquery()
    own_roles = select(own.c.role).where(own.c.person_id == actor.person)
    statement = theirs.with_only_columns(ROLE.c.person_id).distinct()
    statement = statement.where(ROLE.c.role.in_(own_roles), ROLE.c.person_id != actor.person)
    found = page(session, statement, (ROLE.c.person_id,), limit=query.limit, cursor=query.cursor, newest_first=False)
    roles = staff.roles_of(session, actor.person, *(row.person_id for row in found.items))
    mine = roles.get(actor.person, set())
    names = people.names_of(session, *(row.person_id for row in found.items))
    items = [
        {"id": row.person_id, "name": names.get(row.person_id), "roles": sorted(roles[row.person_id] & mine)}
        for row in found.items
    ]
    return Page(items, found.next)


def _in_force() -> Select[UUID, str]:
    """Return the statement for all present roles: those published after the person last left."""
    gone = ROLE.alias("gone")
    left = select(gone.c.changed_by).where(gone.c.person_id == ROLE.c.person_id, gone.c.role == LEFT)
    is_named_since = ROLE.c.changed_by > func.coalesce(left.correlate(ROLE).scalar_subquery(), 0)
    return select(ROLE.c.person_id, ROLE.c.role).where(ROLE.c.role != LEFT, is_named_since)


def shifts(session: Session, actor: Actor, query: ListColleagueShifts) -> Page:
    """List a colleague's future shifts, earliest first."""
    roles = staff.roles_of(session, actor.person, query.colleague_id)
    in_common = roles.get(actor.person, set()) & roles.get(query.colleague_id, set())
    if query.colleague_id == actor.person or not in_common:
        raise NO_SUCH_COLLEAGUE()
    window = Window(query.limit, query.cursor, "asc", from_=clock.now())
    return SHIFTS.page(session, window, person_id=query.colleague_id, status=["assigned"])
