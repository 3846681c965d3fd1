"""A stranger learns nothing about accounts without signing in."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests

from contracts.auth.accounts.commands import ChangeEmail
from contracts.roles import Role
from gateway.server.limits import SIGN_IN
from matron.demo import PASSWORD as DEMO_PASSWORD
from tests.hospital import Hospital, eventually
from tests.people import PASSWORD, verified_patient
from tests.security.conftest import Staff
from tests.security.factories import CODE, mailed

STRONG = "another-horse-battery-17"
KNOWN, UNKNOWN = "asha@demo.example", "nobody@demo.example"


def seen(reply: requests.Response) -> tuple[int, str, dict[str, str]]:
    """Return all of a reply except its request id and date."""
    number = reply.headers["X-Request-Id"]
    rest = {name: value for name, value in reply.headers.items() if name not in ("X-Request-Id", "Date")}
    return reply.status_code, reply.text.replace(number, ""), rest


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/api/auth/login", {"password": "wrong-horse-battery-17"}),
        ("/api/auth/forgot-password", {}),
        ("/api/auth/resend-verification", {}),
    ],
)
def test_reply_does_not_reveal_whether_an_address_has_an_account(
    hospital: Hospital, path: str, more: dict[str, str]
) -> None:
    known, unknown = (hospital.call("POST", path, json={"email": email, **more}) for email in (KNOWN, UNKNOWN))
    assert seen(known) == seen(unknown)


def test_idempotency_key_of_a_stranger_reveals_nothing(hospital: Hospital) -> None:
    key, email = uuid4().hex, f"{uuid4().hex[:12]}@mail.example"
    body = {"email": email, "password": PASSWORD, "name": "Asha Rao"}
    first = hospital.call("POST", "/api/auth/register", key=key, json=body)
    second = hospital.call("POST", "/api/auth/register", key=key, json={**body, "password": STRONG})
    again = hospital.call("POST", "/api/auth/register", key=key, json=body)
    assert (first.status_code, again.json()) == (201, first.json())
    assert (second.status_code, second.json()["code"]) == (422, "key_reused")
    reply = hospital.call("POST", "/api/auth/login", json={"email": email, "password": STRONG})
    assert reply.status_code == 401


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/refresh"])
def test_reply_with_a_token_is_not_stored_under_a_key(hospital: Hospital, path: str) -> None:
    person, key = verified_patient(hospital), uuid4().hex
    body = {
        "/api/auth/login": {"email": person.email, "password": PASSWORD},
        "/api/auth/refresh": {"refresh_token": person.refresh_token},
    }
    assert hospital.call("POST", path, key=key, json=body[path]).status_code == 200
    wrong = {name: "x" * 12 if name != "email" else value for name, value in body[path].items()}
    assert hospital.call("POST", path, key=key, json=wrong).status_code == 401


@pytest.mark.parametrize("alike", ["MIKE.{}@MAIL.EXAMPLE", "mike.{}@mail.example"], ids=["capitals", "as it is"])
def test_link_goes_to_the_account_for_any_case_of_its_address(hospital: Hospital, alike: str) -> None:
    number = uuid4().hex[:8]
    email = f"mike.{number}@mail.example"
    hospital.call("POST", "/api/auth/register", json={"email": email, "password": PASSWORD, "name": "Mike"})
    taken = {"email": alike.format(number), "password": PASSWORD, "name": "Not Mike"}
    assert hospital.call("POST", "/api/auth/register", json=taken).json()["code"] == "email_taken"
    hospital.call("POST", "/api/auth/forgot-password", json={"email": alike.format(number)})
    assert mailed(hospital, email, "reset-password")


@pytest.mark.parametrize("path", ["register", "forgot-password", "resend-verification"])
def test_address_is_refused_with_letters_outside_ascii(hospital: Hospital, path: str) -> None:
    more = {"password": PASSWORD, "name": "Not Mike"} if path == "register" else {}
    reply = hospital.call("POST", f"/api/auth/{path}", json={"email": "mi\u212ae@mail.example", **more})
    assert (reply.status_code, list(reply.json()["errors"])) == (422, ["email"])


@pytest.mark.parametrize("alike", ["m\u0130ke", "\uff4dike", "m\u0131ke"], ids=["dotted I", "full width", "dotless i"])
def test_lookalike_address_gives_no_access_to_the_account(hospital: Hospital, alike: str) -> None:
    number = uuid4().hex[:8]
    email = f"mike.{number}@mail.example"
    hospital.call("POST", "/api/auth/register", json={"email": email, "password": PASSWORD, "name": "Mike"})
    other = f"{alike}.{number}@mail.example"
    body = {"email": other, "password": PASSWORD}
    assert hospital.call("POST", "/api/auth/login", json=body).status_code == 401
    hospital.call("POST", "/api/auth/forgot-password", json={"email": other})
    hospital.call("POST", "/api/auth/forgot-password", json={"email": email})
    assert mailed(hospital, email, "reset-password")
    assert len([mail for mail in hospital.mails_to(number) if "reset-password" in mail]) == 1


def test_address_goes_to_one_account_when_two_verify_it_at_once(hospital: Hospital) -> None:
    goal, people = f"{uuid4().hex[:12]}@mail.example", [verified_patient(hospital) for _ in range(2)]
    for person in people:
        person.post("/api/users/me/email", status=202, email=goal, password=PASSWORD)
    eventually(lambda: len(hospital.mails_to(goal)) == len(people))
    codes = [found[1] for mail in hospital.mails_to(goal) if (found := CODE.search(mail))]
    url = f"{hospital.url}/api/auth/verify-email"
    with ThreadPoolExecutor() as pool:
        replies = list(pool.map(lambda code: requests.post(url, json={"token": code}, timeout=10), codes))
    assert sorted(reply.status_code for reply in replies) == [200, 409]
    assert [person.get("/api/users/me")["email"] == goal for person in people].count(True) == 1


def test_change_of_address_has_the_sign_in_limit(person_of: Staff) -> None:
    assert ChangeEmail in SIGN_IN, "its 409 reveals whether an address has an account"
    body = {"email": "ben@demo.example", "password": DEMO_PASSWORD}
    assert person_of(Role.PATIENT).try_post("/api/users/me/email", **body).json()["code"] == "email_taken"
