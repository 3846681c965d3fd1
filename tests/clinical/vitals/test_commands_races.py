"""Two nurses change a reading at once."""

from sqlalchemy import select

from chassis.persistence.database import Database, Session
from services.clinical.models.vitals import Vitals
from tests.calls import called
from tests.clinical.vitals_factories import adult, measured, together, withdrawn


def test_slower_of_two_marks_is_refused(fresh: Database) -> None:
    with fresh.begin() as session:
        vitals_id = measured(session, adult(session))["id"]

    def mark(session: Session) -> None:
        with called(session, if_match='"1"'):
            withdrawn(session, vitals_id)

    assert together(fresh, mark) == ["done", "stale"]
    with fresh.read() as session:
        assert sorted(session.scalars(select(Vitals.version))) == [1, 2]
