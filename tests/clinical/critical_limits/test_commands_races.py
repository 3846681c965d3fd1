"""Two doctors who set a critical limit at once: one limit is in force."""

from collections import Counter
from typing import Any

import eventlet

from chassis.errors import MatronError
from chassis.execution.run import add_events
from chassis.identity import Actor
from chassis.persistence.database import Database
from tests.clinical.critical_factories import assigned, limited
from tests.clinical.factories import in_care

DOCTORS = 8


def test_one_of_many_doctors_sets_the_limit(fresh: Database) -> None:
    with fresh.begin() as session:
        people = in_care(session)
        doctors = [people[0], *(assigned(session, people[1]) for _ in range(DOCTORS - 1))]

    def outcome(physician: Actor) -> Any:
        try:
            with fresh.begin() as session:
                shown = limited(session, (physician, people[1]))
                add_events(session)
                return shown["status"]
        except MatronError as refusal:
            return refusal.code

    with eventlet.Timeout(60):
        found = Counter(thread.wait() for thread in [eventlet.spawn(outcome, one) for one in doctors])
    assert found == {"active": 1, "critical_limit_exists": DOCTORS - 1}
