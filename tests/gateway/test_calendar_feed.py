"""The calendar feed works by its link alone, and its secret is never logged."""

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
    """Return the secret of a calendar link."""
    made = hospital.call("POST", LINK, token=token(Role.PATIENT))
    assert made.status_code == 201, made.text
    yield parse_qs(urlsplit(made.json()["url"]).query)["token"][0]
    hospital.call("DELETE", LINK, token=token(Role.PATIENT))


def shown(hospital: Hospital, **query: str) -> requests.Response:
    """Request a calendar without a token."""
    return hospital.call("GET", URL, params=query)


def test_calendar_is_shown_by_its_link_alone(hospital: Hospital, secret: str) -> None:
    reply = shown(hospital, token=secret)
    assert reply.status_code == 200
    assert str(icalendar.Calendar.from_ical(reply.content)["version"]) == "2.0"


def test_calendar_has_its_content_type_and_is_not_cached(hospital: Hospital, secret: str) -> None:
    headers = shown(hospital, token=secret).headers
    assert headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_calendar_ignores_other_parameters(hospital: Hospital, secret: str) -> None:
    assert shown(hospital, token=secret, nocache="1").status_code == 200


def test_calendar_answers_head(hospital: Hospital, secret: str) -> None:
    reply = hospital.call("HEAD", URL, params={"token": secret})
    assert (reply.status_code, reply.content) == (200, b"")


def test_calendar_gets_404_for_an_unknown_link(hospital: Hospital) -> None:
    reply = shown(hospital, token="q" * 43)
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("query", [{}, {"token": ""}, {"token": "q" * 201}], ids=["none", "empty", "too long"])
def test_calendar_gets_422_without_a_valid_secret(hospital: Hospital, query: dict[str, str]) -> None:
    assert shown(hospital, **query).status_code == 422


def test_calendar_gets_404_after_its_link_has_ended(hospital: Hospital, token: Token, secret: str) -> None:
    ended = hospital.call("DELETE", LINK, token=token(Role.PATIENT))
    assert (ended.status_code, ended.json()) == (200, {"status": "ended"})
    assert shown(hospital, token=secret).status_code == 404


def test_calendar_link_needs_a_token(hospital: Hospital) -> None:
    assert hospital.call("POST", LINK).status_code == 401
    assert hospital.call("DELETE", LINK).status_code == 401


def test_calendar_secret_is_not_logged(hospital: Hospital, secret: str) -> None:
    for one in (secret, f"wrong-{secret}"):
        shown(hospital, token=one)
    eventually(lambda: URL in hospital.logs())
    assert secret not in hospital.logs()


def test_calendar_requests_are_counted_by_address(strict: Hospital) -> None:
    asked = [
        requests.get(
            strict.url + URL, params={"token": "x"}, headers={"X-Forwarded-For": "198.51.100.91"}, timeout=10
        ).status_code
        for _ in range(9)
    ]
    assert asked == [404] * 8 + [429]
