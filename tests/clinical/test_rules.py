"""When the doctor of a visit treats the patient, record numbers, names, births and deaths."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chassis.errors import Invalid
from services.clinical import rules
from services.clinical.rules import AFTER_VISIT, care_of_visit

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
HALF_PAST = NINE + timedelta(minutes=30)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  the zone follows


def test_care_lasts_from_the_start_of_the_visit_until_thirty_days_after_its_end() -> None:
    assert care_of_visit(NINE, HALF_PAST) == (NINE, HALF_PAST + timedelta(days=30))


def test_meeting_within_the_agreed_time_changes_nothing() -> None:
    assert care_of_visit(NINE, HALF_PAST, NINE + timedelta(minutes=5)) == care_of_visit(NINE, HALF_PAST)


@pytest.mark.parametrize("early", [timedelta(seconds=1), timedelta(days=1), timedelta(days=178)])
def test_meeting_early_opens_the_chart_at_once_and_for_thirty_days_from_then(early: timedelta) -> None:
    met_at = NINE - early
    assert care_of_visit(NINE, HALF_PAST, met_at) == (met_at, met_at + timedelta(days=30))


def test_meeting_late_keeps_the_chart_open_longer() -> None:
    late = HALF_PAST + timedelta(days=2)
    assert care_of_visit(NINE, HALF_PAST, late) == (NINE, late + AFTER_VISIT)


@given(MOMENTS, st.timedeltas(timedelta(minutes=5), timedelta(hours=8)), MOMENTS)
def test_the_chart_is_open_for_thirty_days_from_the_moment_they_met(
    starts_at: datetime, length: timedelta, met_at: datetime
) -> None:
    met = care_of_visit(starts_at, starts_at + length, met_at)
    assert met.from_ <= met_at < met_at + AFTER_VISIT <= met.until


@given(MOMENTS, st.timedeltas(timedelta(minutes=5), timedelta(hours=8)), MOMENTS)
def test_meeting_in_time_or_late_never_narrows_what_was_agreed(
    starts_at: datetime, length: timedelta, met_at: datetime
) -> None:
    assume(met_at >= starts_at)
    agreed, met = care_of_visit(starts_at, starts_at + length), care_of_visit(starts_at, starts_at + length, met_at)
    assert (met.from_, met.until) == (agreed.from_, max(agreed.until, met_at + AFTER_VISIT))


NUMBERS = st.integers(1, 10**9)
TODAY = date(2026, 11, 23)


def test_a_record_number_can_be_read_out() -> None:
    assert rules.mrn(1234) == "M-0001234-0"


def test_the_check_digit_is_damms() -> None:
    assert rules.check_digit("572") == "4"  # The example of his thesis.


@given(NUMBERS)
def test_a_record_number_is_read_as_it_was_given(number: int) -> None:
    assert rules.read_mrn(rules.mrn(number)) == rules.mrn(number)
    assert rules.read_mrn(rules.mrn(number).lower().replace("-", " ")) == rules.mrn(number)


@given(NUMBERS, st.data())
def test_every_wrong_digit_is_noticed(number: int, data: st.DataObject) -> None:
    digits = rules.mrn(number).replace("M", "").replace("-", "")
    place, digit = data.draw(st.integers(0, len(digits) - 1)), data.draw(st.sampled_from("0123456789"))
    assume(digits[place] != digit)
    with pytest.raises(Invalid):
        rules.read_mrn(digits[:place] + digit + digits[place + 1 :])


@given(NUMBERS, st.data())
def test_every_swap_of_two_neighbours_is_noticed(number: int, data: st.DataObject) -> None:
    digits = rules.mrn(number).replace("M", "").replace("-", "")
    place = data.draw(st.integers(0, len(digits) - 2))
    one, other = digits[place : place + 2]
    assume(one != other)
    with pytest.raises(Invalid):
        rules.read_mrn(digits[:place] + other + one + digits[place + 2 :])


@given(st.text())
def test_whatever_is_typed_is_a_record_number_or_refused(text: str) -> None:
    try:
        rules.read_mrn(text)
    except Invalid as refused:
        assert refused.facts["errors"]["mrn"]  # noqa: PT017


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Asha  Rao", "asha rao"),
        ("Zoë O’Brien", "zoe obrien"),  # noqa: RUF001  the apostrophe that telephones write
        ("Anne-Marie Straße", "anne marie strasse"),
        ("J. R. Łukasz", "j r łukasz"),
        ("राम", "राम"),
        ("李小龍", "李小龍"),
        ("?", "?"),
    ],
)
def test_names_are_compared_without_case_accents_and_signs(name: str, key: str) -> None:
    assert rules.name_key(name) == key


@given(st.text(min_size=1, max_size=200).filter(str.strip))
def test_every_name_has_a_key_that_fits_and_is_its_own_key(name: str) -> None:
    key = rules.name_key(name)
    assert 1 <= len(key) <= 200
    assert rules.words_of(name)


def test_the_parts_of_a_name_may_come_in_any_order() -> None:
    assert rules.same_name("Rao Asha", "asha RAO")
    assert not rules.same_name("Asha Rao", "Asha")


@pytest.mark.parametrize("born", [TODAY, date(1896, 11, 23), date(1896, 11, 24)])
def test_people_are_born_between_today_and_a_hundred_and_thirty_years_ago(born: date) -> None:
    rules.check_birth(born, TODAY)


@pytest.mark.parametrize("born", [TODAY + timedelta(days=1), date(1896, 11, 22), date.min, date.max])
def test_other_birth_dates_are_refused(born: date) -> None:
    with pytest.raises(Invalid):
        rules.check_birth(born, TODAY)


@pytest.mark.parametrize("birth_date", [None, date(2020, 1, 1)])
@pytest.mark.parametrize(
    "died",
    [NINE + timedelta(seconds=1), datetime(1890, 1, 1, tzinfo=UTC), datetime.min.replace(tzinfo=UTC)],
    ids=["in the future", "long ago", "ever so long ago"],
)
def test_nobody_dies_in_the_future_or_before_being_born(died: datetime, birth_date: date | None) -> None:
    with pytest.raises(Invalid):
        rules.check_death(died, birth_date, NINE)
