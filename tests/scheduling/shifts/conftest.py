"""Two nurses for the tests of swaps."""

import pytest

from chassis.identity import Actor
from chassis.persistence.database import Session
from tests.scheduling.staff_factories import add_nurse


@pytest.fixture
def requester(session: Session) -> Actor:
    """The nurse who asks for the swap."""
    return add_nurse(session)


@pytest.fixture
def colleague(session: Session) -> Actor:
    """The nurse who receives the request."""
    return add_nurse(session)
