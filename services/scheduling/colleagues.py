"""Colleagues: whom one of the staff may ask to take a shift, and which shifts of theirs may be had in exchange."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, func, select

from chassis import clock
from chassis.contract import Page
from chassis.database import Session
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.paging import page
from contracts.scheduling import ColleagueShiftView
from services.scheduling import staff
from services.scheduling.listings import EARLIEST_FIRST, Timed
from services.scheduling.rota_models import LEFT, Shift, StaffRole

SHIFT, ROLE = cast("Table", Shift.__table__), cast("Table", StaffRole.__table__)
SHIFTS = Timed([SHIFT.c[name] for name in ColleagueShiftView.schema().fields], (SHIFT.c.starts_at, SHIFT.c.id))
"""Of a shift no more than what one needs to want it."""


def listing(session: Session, actor: Actor, *, limit: int, cursor: str | None) -> Page:
    """Who works here and has a role of the staff in common with the caller: `{id, roles}`, by id.

    Whoever has left is nobody's colleague. Invalid: `bad_cursor`.
    """
    theirs, own = _in_force(), _in_force().subquery()
    own_roles = select(own.c.role).where(own.c.person_id == actor.person)
    query = theirs.with_only_columns(ROLE.c.person_id).distinct()
    query = query.where(ROLE.c.role.in_(own_roles), ROLE.c.person_id != actor.person)
    found = page(session, query, (ROLE.c.person_id,), limit=limit, cursor=cursor, newest_first=False)
    roles = staff.roles_of(session, actor.person, *(row.person_id for row in found.items))
    mine = roles.get(actor.person, set())
    items = [{"id": row.person_id, "roles": sorted(roles[row.person_id] & mine)} for row in found.items]
    return Page(items, found.next)


def _in_force() -> Any:
    """Person and role of each role of the staff that somebody has now: named after they last left, if ever."""
    gone = ROLE.alias("gone")
    left = select(gone.c.changed_by).where(gone.c.person_id == ROLE.c.person_id, gone.c.role == LEFT)
    is_named_since = ROLE.c.changed_by > func.coalesce(left.correlate(ROLE).scalar_subquery(), 0)
    return select(ROLE.c.person_id, ROLE.c.role).where(ROLE.c.role != LEFT, is_named_since)


def shifts(session: Session, actor: Actor, *, colleague_id: UUID, limit: int, cursor: str | None) -> Page:
    """The shifts that a colleague is to work from now on, earliest first.

    NotFound: nobody who has a role of the staff in common with the caller, or the caller. Invalid: `bad_cursor`.
    """
    roles = staff.roles_of(session, actor.person, colleague_id)
    in_common = roles.get(actor.person, set()) & roles.get(colleague_id, set())
    if colleague_id == actor.person or not in_common:
        raise NotFound("not_found", "There is no such colleague.")
    asked: dict[str, Any] = {"person_id": colleague_id, "since": clock.now(), "status": ["assigned"]}
    return SHIFTS.page(session, limit=limit, cursor=cursor, order=EARLIEST_FIRST, **asked)
