"""Each secret works for one purpose: no token replaces another kind of token."""

from base64 import b32decode, urlsafe_b64decode
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from tests.hospital import Hospital, eventually
from tests.people import PASSWORD, sign_in, verified_patient
from tests.security.factories import mailed, with_second_factor


class Secrets(NamedTuple):
    """A good secret of each kind."""

    access: str
    refresh: str
    mfa: str
    verify: str
    reset: str
    secret: str


USES: dict[str, Callable[[Hospital, str], requests.Response]] = {
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


def begin(hospital: Hospital, email: str) -> dict[str, Any]:
    """Send the first step of a login."""
    reply: dict[str, Any] = hospital.call("POST", "/api/auth/login", json={"email": email, "password": PASSWORD}).json()
    return reply


@pytest.fixture(scope="module")
def secrets(hospital: Hospital) -> Secrets:
    """Return the secrets of two people. The first is logging in; the second changes address and password."""
    careful, moving = verified_patient(hospital), verified_patient(hospital)
    secret, _codes = with_second_factor(careful)
    mfa = begin(hospital, careful.email)["mfa_token"]
    other = f"{uuid4().hex[:12]}@mail.example"
    moving.post("/api/users/me/email", status=202, email=other, password=PASSWORD)
    verify = mailed(hospital, other, "verify-email")
    hospital.call("POST", "/api/auth/forgot-password", json={"email": moving.email})
    reset = mailed(hospital, moving.email, "reset-password")
    return Secrets(moving.token, moving.refresh_token, mfa, verify, reset, secret)


@pytest.mark.parametrize(("kind", "use"), [(kind, use) for kind in Secrets._fields for use in USES if kind != use])
def test_secret_is_refused_where_another_kind_is_required(
    hospital: Hospital, secrets: Secrets, kind: str, use: str
) -> None:
    reply = USES[use](hospital, getattr(secrets, kind))
    assert (reply.status_code in (401, 422), reply.json()["code"] in REFUSALS) == (True, True), reply.text


def test_password_alone_cannot_replace_a_second_factor(hospital: Hospital) -> None:
    person = verified_patient(hospital)
    with_second_factor(person)
    assert person.try_post("/api/users/me/mfa", password=PASSWORD).json()["code"] == "mfa_enabled"
    hospital.call("POST", "/api/auth/forgot-password", json={"email": person.email})
    reset = mailed(hospital, person.email, "reset-password")
    hospital.call("POST", "/api/auth/reset-password", json={"token": reset, "password": PASSWORD})
    assert begin(hospital, person.email).keys() == {"mfa_token", "expires_in"}, "a new password is no second factor"


def test_issued_secrets_have_at_least_128_bits(secrets: Secrets) -> None:
    random = [secrets.refresh, secrets.mfa, secrets.verify, secrets.reset]
    assert [len(urlsafe_b64decode(token + "=" * (-len(token) % 4))) for token in random] == [32] * 4
    assert len(b32decode(secrets.secret)) == 20
    assert len({*random, secrets.secret}) == 5


def test_recovery_code_works_once_and_for_its_owner(hospital: Hospital) -> None:
    person, other = verified_patient(hospital), verified_patient(hospital)
    _secret, codes = with_second_factor(person)
    with_second_factor(other)
    answers = []
    for email in (other.email, person.email, person.email):
        token = begin(hospital, email)["mfa_token"]
        reply = hospital.call("POST", "/api/auth/mfa/verify", json={"mfa_token": token, "code": codes[0]})
        answers.append(reply.status_code)
    assert answers == [401, 200, 401]


def test_password_of_a_squatter_ends_with_a_reset(hospital: Hospital) -> None:
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
def test_token_cannot_choose_its_verification_key(hospital: Hospital, secrets: Secrets, header: str) -> None:
    forged, known = Ed25519PrivateKey.generate(), jwt.get_unverified_header(secrets.access)
    claims = jwt.decode(secrets.access, options={"verify_signature": False})
    public: Any = OKPAlgorithm.to_jwk(forged.public_key(), as_dict=True)
    named = {header: public if header == "jwk" else "https://evil.example/keys"}
    token = jwt.encode(claims, forged, algorithm="EdDSA", headers={**known, **named})
    assert USES["access"](hospital, secrets.access).status_code == 200
    assert USES["access"](hospital, token).json()["code"] == "token_invalid"
