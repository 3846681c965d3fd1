"""Each secret opens one door: no token does the work of another kind of token."""

import re
from base64 import b32decode, urlsafe_b64decode
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

import jwt
import pyotp
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from tests.hospital import Hospital, eventually
from tests.people import PASSWORD, Person, sign_in, verified_patient

CODE = re.compile(r"^([\w-]{40,})\r?$", re.MULTILINE)


class Secrets(NamedTuple):
    """One of each kind, all of them good."""

    access: str
    refresh: str
    mfa: str
    verify: str
    reset: str
    secret: str


DOORS: dict[str, Callable[[Hospital, str], requests.Response]] = {
    "access": lambda hospital, token: hospital.call("GET", "/api/users/me", token=token),
    "refresh": lambda hospital, token: hospital.call("POST", "/api/auth/refresh", json={"refresh_token": token}),
    "mfa": lambda hospital, token: hospital.call(
        "POST", "/api/auth/mfa/verify", json={"mfa_token": token, "code": "000000"}
    ),
    "verify": lambda hospital, token: hospital.call("POST", "/api/auth/verify-email", json={"token": token}),
    "reset": lambda hospital, token: hospital.call(
        "POST", "/api/auth/reset-password", json={"token": token, "password": PASSWORD}
    ),
}
REFUSALS = {"token_invalid", "refresh_failed", "mfa_token_not_valid", "token_not_valid", "invalid"}


def mailed(hospital: Hospital, address: str, subject_word: str) -> str:
    """The code of the newest mail to an address in which a word stands."""
    mails = eventually(lambda: [mail for mail in hospital.mails_to(address) if subject_word in mail])
    found = CODE.search(mails[-1])
    assert found
    return found[1]


def with_second_factor(person: Person) -> tuple[str, list[str]]:
    """Set one up: its secret, and the recovery codes."""
    secret = person.post("/api/users/me/mfa", password=PASSWORD)["secret"]
    codes = person.post("/api/users/me/mfa/confirm", code=pyotp.TOTP(secret).now())["recovery_codes"]
    return secret, codes


def begin(hospital: Hospital, email: str) -> dict[str, Any]:
    """The first step of signing in."""
    told: dict[str, Any] = hospital.call("POST", "/api/auth/login", json={"email": email, "password": PASSWORD}).json()
    return told


@pytest.fixture(scope="module")
def secrets(hospital: Hospital) -> Secrets:
    """Of two people: one half way through signing in, one who wants another address and has lost the password."""
    careful, moving = verified_patient(hospital), verified_patient(hospital)
    secret, _codes = with_second_factor(careful)
    mfa = begin(hospital, careful.email)["mfa_token"]
    other = f"{uuid4().hex[:12]}@mail.example"
    moving.post("/api/users/me/email", status=202, email=other, password=PASSWORD)
    verify = mailed(hospital, other, "verify-email")
    hospital.call("POST", "/api/auth/forgot-password", json={"email": moving.email})
    reset = mailed(hospital, moving.email, "reset-password")
    return Secrets(moving.token, moving.refresh_token, mfa, verify, reset, secret)


@pytest.mark.parametrize(("kind", "door"), [(kind, door) for kind in Secrets._fields for door in DOORS if kind != door])
def test_a_secret_opens_no_door_but_its_own(hospital: Hospital, secrets: Secrets, kind: str, door: str) -> None:
    reply = DOORS[door](hospital, getattr(secrets, kind))
    assert (reply.status_code in (401, 422), reply.json()["code"] in REFUSALS) == (True, True), reply.text


def test_whoever_knows_the_password_alone_replaces_no_second_factor(hospital: Hospital) -> None:
    person = verified_patient(hospital)
    with_second_factor(person)
    assert person.try_post("/api/users/me/mfa", password=PASSWORD).json()["code"] == "mfa_enabled"
    hospital.call("POST", "/api/auth/forgot-password", json={"email": person.email})
    reset = mailed(hospital, person.email, "reset-password")
    hospital.call("POST", "/api/auth/reset-password", json={"token": reset, "password": PASSWORD})
    assert begin(hospital, person.email).keys() == {"mfa_token", "expires_in"}, "a new password is no second factor"


def test_each_secret_that_is_given_out_has_128_bits_or_more(secrets: Secrets) -> None:
    random = [secrets.refresh, secrets.mfa, secrets.verify, secrets.reset]
    assert [len(urlsafe_b64decode(token + "=" * (-len(token) % 4))) for token in random] == [32] * 4
    assert len(b32decode(secrets.secret)) == 20
    assert len({*random, secrets.secret}) == 5


def test_a_recovery_code_signs_in_once_and_for_one_person(hospital: Hospital) -> None:
    person, other = verified_patient(hospital), verified_patient(hospital)
    _secret, codes = with_second_factor(person)
    with_second_factor(other)
    answers = []
    for email in (other.email, person.email, person.email):
        told = begin(hospital, email)["mfa_token"]
        reply = hospital.call("POST", "/api/auth/mfa/verify", json={"mfa_token": told, "code": codes[0]})
        answers.append(reply.status_code)
    assert answers == [401, 200, 401]


def test_a_password_set_by_whoever_registered_first_does_not_outlive_a_reset(hospital: Hospital) -> None:
    email = f"{uuid4().hex[:12]}@mail.example"
    hospital.call("POST", "/api/auth/register", json={"email": email, "password": PASSWORD, "name": "Not The Owner"})
    squatter = sign_in(hospital, email)
    enrolling = squatter.try_post("/api/users/me/mfa", password=PASSWORD)
    assert (enrolling.status_code, enrolling.json()["code"]) == (403, "address_not_verified")
    hospital.call("POST", "/api/auth/forgot-password", json={"email": email})
    reset = {"token": mailed(hospital, email, "reset-password"), "password": "another-horse-battery-17"}
    assert hospital.call("POST", "/api/auth/reset-password", json=reset).status_code == 200
    eventually(lambda: hospital.call("GET", "/api/users/me", token=squatter.token).status_code == 401)
    refresh = hospital.call("POST", "/api/auth/refresh", json={"refresh_token": squatter.refresh_token})
    assert (refresh.status_code, "access_token" in begin(hospital, email)) == (401, False)


@pytest.mark.parametrize("header", ["jwk", "jku", "x5u"])
def test_a_token_does_not_say_which_key_it_is_to_be_checked_with(
    hospital: Hospital, secrets: Secrets, header: str
) -> None:
    forged, known = Ed25519PrivateKey.generate(), jwt.get_unverified_header(secrets.access)
    claims = jwt.decode(secrets.access, options={"verify_signature": False})
    public: Any = OKPAlgorithm.to_jwk(forged.public_key(), as_dict=True)
    named = {header: public if header == "jwk" else "https://evil.example/keys"}
    token = jwt.encode(claims, forged, algorithm="EdDSA", headers={**known, **named})
    assert DOORS["access"](hospital, secrets.access).status_code == 200
    assert DOORS["access"](hospital, token).json()["code"] == "token_invalid"
