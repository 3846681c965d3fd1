"""One's own calendar over HTTP: by its link alone, as text that calendar programs read, and told to no log."""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import icalendar
import pytest
import requests

from contracts.roles import Role
from tests.hospital import Hospital, eventually

LINK = "/api/users/me/calendar-link"
URL = "/api/users/me/calendar.ics"
Token = Callable[..., str]


@pytest.fixture
def secret(hospital: Hospital, token: Token) -> Iterator[str]:
    """What is in the link to somebody's calendar."""
    made = hospital.call("POST", LINK, token=token(Role.PATIENT))
    assert made.status_code == 201, made.text
    yield parse_qs(urlsplit(made.json()["url"]).query)["token"][0]
    hospital.call("DELETE", LINK, token=token(Role.PATIENT))


def shown(hospital: Hospital, **query: str) -> requests.Response:
    """The answer to a calendar program, which does not sign in."""
    return hospital.call("GET", URL, params=query)


def test_the_link_alone_shows_the_calendar(hospital: Hospital, secret: str) -> None:
    reply = shown(hospital, token=secret)
    assert reply.status_code == 200
    assert str(icalendar.Calendar.from_ical(reply.content)["version"]) == "2.0"


def test_it_says_what_it_is_and_that_nobody_is_to_keep_it(hospital: Hospital, secret: str) -> None:
    headers = shown(hospital, token=secret).headers
    assert headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_what_a_calendar_program_adds_to_the_link_is_passed_over(hospital: Hospital, secret: str) -> None:
    assert shown(hospital, token=secret, nocache="1").status_code == 200


def test_it_may_be_asked_for_its_head(hospital: Hospital, secret: str) -> None:
    reply = hospital.call("HEAD", URL, params={"token": secret})
    assert (reply.status_code, reply.content) == (200, b"")


def test_a_link_that_is_not_one_shows_nothing(hospital: Hospital) -> None:
    reply = shown(hospital, token="q" * 43)
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("query", [{}, {"token": ""}, {"token": "q" * 201}], ids=["none", "empty", "too long"])
def test_without_a_link_it_cannot_be_asked_for(hospital: Hospital, query: dict[str, str]) -> None:
    assert shown(hospital, **query).status_code == 422


def test_a_link_that_is_taken_back_shows_nothing(hospital: Hospital, token: Token, secret: str) -> None:
    ended = hospital.call("DELETE", LINK, token=token(Role.PATIENT))
    assert (ended.status_code, ended.json()) == (200, {"status": "ended"})
    assert shown(hospital, token=secret).status_code == 404


def test_nobody_makes_a_link_who_has_not_signed_in(hospital: Hospital) -> None:
    assert hospital.call("POST", LINK).status_code == 401
    assert hospital.call("DELETE", LINK).status_code == 401


def test_the_secret_of_a_link_is_in_no_log(hospital: Hospital, secret: str) -> None:
    for one in (secret, f"wrong-{secret}"):
        shown(hospital, token=one)
    eventually(lambda: URL in hospital.logs())
    assert secret not in hospital.logs()


def test_who_tries_links_is_counted_by_his_address(strict: Hospital) -> None:
    asked = [
        requests.get(
            strict.url + URL, params={"token": "x"}, headers={"X-Forwarded-For": "198.51.100.91"}, timeout=10
        ).status_code
        for _ in range(9)
    ]
    assert asked == [404] * 8 + [429]
