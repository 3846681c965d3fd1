"""A call: the revision that a caller has seen, and the source of an event."""

import pytest

from chassis.call import Call
from chassis.errors import Stale
from tests.chassis.hosts import outcome


@pytest.mark.parametrize("seen", ["", "*", '"3"', '"2", "3"'])
def test_change_is_allowed_when_revision_is_among_those_seen(seen: str) -> None:
    assert outcome(lambda: Call(if_match=seen).expects(3)) == "done"


@pytest.mark.parametrize("seen", ['"2"', 'W/"3"', "3", '"33"', '"1", "2"'])
def test_change_is_stale_when_revision_was_not_seen(seen: str) -> None:
    with pytest.raises(Stale) as error:
        Call(if_match=seen).expects(3)
    assert error.value.facts == {"revision": 3}


def test_call_without_event_has_no_origin() -> None:
    with pytest.raises(LookupError):
        _ = Call().heard
