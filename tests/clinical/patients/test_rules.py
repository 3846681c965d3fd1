"""Pure rules of patients: record numbers, names, and dates of birth and death."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chassis.errors import Invalid
from services.clinical.patients import rules

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
NUMBERS = st.integers(1, 10**9)
TODAY = date(2026, 11, 23)


def test_record_number_has_seven_digits_and_a_check_digit() -> None:
    assert rules.mrn(1234) == "M-0001234-0"


def test_check_digit_is_damms() -> None:
    assert rules.check_digit("572") == "4"  # The example in Damm's thesis.


@given(NUMBERS)
def test_record_number_is_read_in_several_forms(number: int) -> None:
    assert rules.read_mrn(rules.mrn(number)) == rules.mrn(number)
    assert rules.read_mrn(rules.mrn(number).lower().replace("-", " ")) == rules.mrn(number)


@given(NUMBERS, st.data())
def test_every_wrong_digit_is_refused(number: int, data: st.DataObject) -> None:
    digits = rules.mrn(number).replace("M", "").replace("-", "")
    place, digit = data.draw(st.integers(0, len(digits) - 1)), data.draw(st.sampled_from("0123456789"))
    assume(digits[place] != digit)
    with pytest.raises(Invalid):
        rules.read_mrn(digits[:place] + digit + digits[place + 1 :])


@given(NUMBERS, st.data())
def test_every_swap_of_neighbouring_digits_is_refused(number: int, data: st.DataObject) -> None:
    digits = rules.mrn(number).replace("M", "").replace("-", "")
    place = data.draw(st.integers(0, len(digits) - 2))
    one, other = digits[place : place + 2]
    assume(one != other)
    with pytest.raises(Invalid):
        rules.read_mrn(digits[:place] + other + one + digits[place + 2 :])


@given(st.text())
def test_any_other_text_is_refused_as_a_record_number(text: str) -> None:
    try:
        rules.read_mrn(text)
    except Invalid as refused:
        assert refused.facts["errors"]["mrn"]  # noqa: PT017


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Asha  Rao", "asha rao"),
        ("Zoë O’Brien", "zoe obrien"),  # noqa: RUF001  the apostrophe of telephone keyboards
        ("Anne-Marie Straße", "anne marie strasse"),
        ("J. R. Łukasz", "j r łukasz"),
        ("राम", "राम"),
        ("李小龍", "李小龍"),
        ("?", "?"),
    ],
)
def test_name_key_has_no_case_accents_and_signs(name: str, key: str) -> None:
    assert rules.name_key(name) == key


@given(st.text(min_size=1, max_size=200).filter(str.strip))
def test_every_name_has_a_key_that_fits_the_column(name: str) -> None:
    key = rules.name_key(name)
    assert 1 <= len(key) <= 200
    assert rules.words_of(name)


def test_same_name_ignores_the_order_of_the_parts() -> None:
    assert rules.same_name("Rao Asha", "asha RAO")
    assert not rules.same_name("Asha Rao", "Asha")


@pytest.mark.parametrize("born", [TODAY, date(1896, 11, 23), date(1896, 11, 24)])
def test_birth_date_within_130_years_is_accepted(born: date) -> None:
    rules.check_birth(born, TODAY)
    assert TODAY.year - born.year <= rules.LONGEST_LIFE


@pytest.mark.parametrize("born", [TODAY + timedelta(days=1), date(1896, 11, 22), date.min, date.max])
def test_birth_date_is_refused_when_it_is_future_or_too_old(born: date) -> None:
    with pytest.raises(Invalid):
        rules.check_birth(born, TODAY)


@pytest.mark.parametrize("birth_date", [None, date(2020, 1, 1)])
@pytest.mark.parametrize(
    "died",
    [NINE + timedelta(seconds=1), datetime(1890, 1, 1, tzinfo=UTC), datetime.min.replace(tzinfo=UTC)],
    ids=["in the future", "long ago", "at the start of the calendar"],
)
def test_death_is_refused_when_it_is_future_or_before_birth(died: datetime, birth_date: date | None) -> None:
    with pytest.raises(Invalid):
        rules.check_death(died, birth_date, NINE)
