"""Times are accepted in any zone and converted to UTC, so that all replies show them alike."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, fields

from chassis.contract import Command
from contracts.ranges import DayOrMomentField
from records.fields import Moment
from tests.guards.house import commands


def moments() -> Iterator[tuple[str, fields.Field[Any]]]:
    """Every field of a command that takes a time, also in nested views."""
    for command in commands():
        yield from _within(command.__name__, command.schema().fields)


def _within(path: str, declared: dict[str, fields.Field[Any]]) -> Iterator[tuple[str, fields.Field[Any]]]:
    for name, field in declared.items():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from _within(f"{path}.{name}", inner.schema.fields)
        elif isinstance(inner, fields.DateTime | DayOrMomentField):
            yield f"{path}.{name}", inner


ALL = dict(moments())
EVERY_MOMENT = pytest.mark.parametrize("name", ALL)
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001  the zones are given


def test_times_are_found_in_commands() -> None:
    assert {"BookAppointment.starts_at", "AssignShift.ends_at", "GiveTask.due_at", "ListShifts.from_"} <= set(ALL)
    assert {"CorrectPatient.deceased_at", "ListAudit.from_", "TakeTimeOff.ends_at"} <= set(ALL)


@EVERY_MOMENT
@given(moment=TIMES)
def test_time_of_any_zone_is_loaded_in_utc(name: str, moment: datetime) -> None:
    read = ALL[name].deserialize(moment.isoformat())
    assert (read, read.tzinfo) == (moment, UTC)


@EVERY_MOMENT
@pytest.mark.parametrize(
    "text", ["2026-11-23T09:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "soon"]
)
def test_time_is_refused_without_zone_or_date_in_utc(name: str, text: str) -> None:
    with pytest.raises(ValidationError):
        ALL[name].deserialize(text)


@pytest.mark.parametrize("command", commands(), ids=lambda one: one.__name__)
def test_times_of_commands_have_the_shared_field(command: type[Command]) -> None:
    found = dict(_within(command.__name__, command.schema().fields))
    others = [name for name, field in found.items() if not isinstance(field, Moment | DayOrMomentField)]
    assert not others, f"{others}: declare it as records.fields.Moment, otherwise its zone stays in the reply"
