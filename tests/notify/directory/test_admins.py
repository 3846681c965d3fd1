"""The admins: the newest event counts, in any order."""

import pytest
from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from services.notify.directory import admins
from tests.notify.factories import change_admin


def test_admin_is_known_until_the_role_is_lost(session: Session) -> None:
    person = uuid7()
    change_admin(session, person, is_admin=True, sequence=1)
    assert admins.admins(session) == [person]
    change_admin(session, person, is_admin=False, sequence=2)
    assert admins.admins(session) == []


@pytest.mark.parametrize("is_admin", [True, False])
def test_stale_event_changes_nothing(session: Session, is_admin: bool) -> None:  # noqa: FBT001  a parameter
    person = uuid7()
    change_admin(session, person, is_admin=is_admin, sequence=2)
    change_admin(session, person, is_admin=not is_admin, sequence=1)
    assert admins.admins(session) == ([person] if is_admin else [])
