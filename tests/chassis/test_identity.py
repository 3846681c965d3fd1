"""Whose tokens count, and what an actor may do."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from uuid_utils.compat import uuid7

import tokens
from chassis import identity
from chassis.contract import Command
from chassis.errors import Forbidden, NotFound, Unauthenticated, Unavailable
from chassis.identity import NOBODY, Actor, Verifier, check_right
from tests.tokens import KEY_ID, Mint
from tokens import revoked
from tokens.keys import KeySet

HEADERS = {"kid": KEY_ID, "typ": tokens.TOKEN_TYPE}


@pytest.fixture
def verifier(mint: Mint) -> Verifier:
    """Who believes the mint."""
    return Verifier(KeySet(mint.jwks_file))


def refused(verifier: Verifier, token: str) -> str:
    """The code with which a token is refused."""
    with pytest.raises(Unauthenticated) as error:
        verifier.actor(token)
    return error.value.code


def test_actor_is_read_from_a_valid_token(verifier: Verifier, mint: Mint) -> None:
    person, session = uuid7(), uuid7()
    actor = verifier.actor(mint.token("nurse", "patient", person=person, sid=str(session), verified=False))
    expected = Actor(id=person, roles=frozenset({"nurse", "patient"}), session_id=session, verified=False)
    assert actor == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"aud": "billing"},
        {"aud": ["matron", "billing"]},
        {"aud": ["matron"]},
        {"exp": None},
        {"iat": None},
        {"jti": None},
        {"sub": None},
        {"iss": None},
        {"aud": None},
        {"sub": "asha"},
        {"sid": "one"},
        {"sid": None},
        {"roles": None},
        {"verified": None},
        {"roles": 7},
        {"exp": "soon"},
        {"iat": 99_999_999_999},
        {"nbf": 99_999_999_999},
    ],
    ids=str,
)
def test_a_token_with_wrong_claims_is_refused(verifier: Verifier, mint: Mint, changes: dict[str, Any]) -> None:
    assert refused(verifier, mint.token("nurse", **changes)) == "token_invalid"


def test_token_is_refused_as_expired_after_its_end(verifier: Verifier, mint: Mint) -> None:
    assert refused(verifier, mint.token("nurse", exp=int(time.time()) - 1)) == "token_expired"


def test_token_is_refused_after_its_end_when_accepted_before(
    verifier: Verifier, mint: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, now = mint.token("nurse"), time.time()
    verifier.actor(token)
    monkeypatch.setattr(identity.time, "time", lambda: now + 901)
    assert refused(verifier, token) == "token_expired"


def forged_none(mint: Mint) -> str:
    """A token without a signature."""
    return jwt.encode(mint.claims("admin"), None, algorithm="none", headers=HEADERS)


def forged_hs256(mint: Mint) -> str:
    """Signed with the public key, as if that were a shared secret."""
    secret = mint.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [orjson.dumps(part) for part in ({"alg": "HS256", **HEADERS}, mint.claims("admin"))]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mac = hmac.new(secret, signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def forged_key(mint: Mint) -> str:
    """Signed with another key under the known id."""
    return Mint(mint.jwks_file.with_name("other.json")).token("admin")


def with_headers(**changes: Any) -> Callable[[Mint], str]:
    """Rightly signed, with other headers."""
    headers = {name: value for name, value in {**HEADERS, **changes}.items() if value is not None}
    return lambda mint: jwt.encode(mint.claims("admin"), mint.key, algorithm="EdDSA", headers=headers)


FORGERIES = {
    "alg none": forged_none,
    "HS256 with the public key": forged_hs256,
    "another key": forged_key,
    "another typ": with_headers(typ="JWT"),
    "no typ": with_headers(typ=""),
    "unknown kid": with_headers(kid="unknown"),
    "no kid": with_headers(kid=None),
    "crit": with_headers(crit=["exp"]),
    "tampered": lambda mint: mint.token("nurse")[:-6] + "AAAAAA",
    "another payload": lambda mint: ".".join([*mint.token("admin").split(".")[:2], mint.token("nurse").split(".")[2]]),
    "nonsense": lambda _mint: "nonsense",
    "empty parts": lambda _mint: "..",
    "a null byte": lambda mint: mint.token("nurse") + "\0",
    "no ASCII": lambda _mint: "tökén",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_is_refused(verifier: Verifier, mint: Mint, forge: Callable[[Mint], str]) -> None:
    assert refused(verifier, forge(mint)) == "token_invalid"


def test_a_new_key_is_found_at_once(mint: Mint) -> None:
    verifier = Verifier(KeySet(mint.jwks_file))
    verifier.actor(mint.token("nurse"))
    newer = Mint(mint.jwks_file.with_name("newer.json"))
    known, fresh = (orjson.loads(one.jwks_file.read_bytes())["keys"][0] for one in (mint, newer))
    mint.jwks_file.write_bytes(orjson.dumps({"keys": [known, {**fresh, "kid": "newer"}]}))
    token = tokens.sign(newer.key, "newer", newer.claims("nurse"))
    assert verifier.actor(token).roles == {"nurse"}
    assert verifier.actor(mint.token("nurse")).roles == {"nurse"}


def test_unknown_keys_do_not_make_the_file_be_read_each_time(mint: Mint, monkeypatch: pytest.MonkeyPatch) -> None:
    read, reads = KeySet._read, list[int]()
    monkeypatch.setattr(KeySet, "_read", lambda key_set, stamp: reads.append(1) or read(key_set, stamp))
    verifier = Verifier(KeySet(mint.jwks_file))
    for _ in range(5):
        refused(verifier, with_headers(kid="unknown")(mint))
    assert len(reads) == 1


def test_a_key_that_is_taken_away_is_noticed_without_an_unknown_one(mint: Mint) -> None:
    verifier, token = Verifier(KeySet(mint.jwks_file)), mint.token("nurse")
    verifier.actor(token)
    mint.jwks_file.write_bytes(b'{"keys": []}')
    verifier.key_set.looked_at = 0.0  # As after the seconds between two looks.
    assert refused(verifier, token) == "token_invalid"


def test_token_is_refused_when_its_session_has_ended(verifier: Verifier, mint: Mint) -> None:
    token = mint.token("nurse")
    verifier.revoked.add(verifier.actor(token).session_id or uuid7(), time.time() + 900)
    assert refused(verifier, token) == "session_ended"
    assert verifier.actor(mint.token("nurse")).roles == {"nurse"}


def test_token_is_refused_until_the_ended_sessions_are_known(verifier: Verifier, mint: Mint) -> None:
    verifier.revoked.awaited = True
    with pytest.raises(Unavailable, match="starting"):
        verifier.actor(mint.token("nurse"))


def test_ended_sessions_are_forgotten_with_their_last_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revoked, "PRUNED_AT", 3)
    known, now = revoked.Revoked(), time.time()
    for ends_at in (now - 1, now - 1, now + 900, now + 900):
        known.add(uuid7(), ends_at)
    assert sorted(known.until.values()) == [now + 900, now + 900]


def test_token_is_refused_when_the_key_file_is_missing(mint: Mint) -> None:
    assert refused(Verifier(KeySet(mint.jwks_file.with_name("missing.json"))), mint.token("nurse")) == "token_invalid"


def test_cache_of_tokens_is_limited(verifier: Verifier, mint: Mint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "REMEMBERED", 3)
    for _ in range(10):
        verifier.actor(mint.token("nurse"))
    assert len(verifier.known) <= 3


NURSE = Actor(id=uuid7(), roles=frozenset({"nurse"}), verified=False)
ENROLLING = replace(NURSE, mfa_due=True)


def asking(*roles: str, verified: bool = False, enrolling: bool = False) -> type[Command]:
    """A contract with these facts."""
    facts = {"roles": frozenset(roles), "verified": verified, "enrolling": enrolling}
    return type("Ask", (Command,), facts)


@pytest.mark.parametrize(
    ("actor", "contract", "code"),
    [
        (NOBODY, asking("nurse"), "token_missing"),
        (NURSE, asking("doctor"), "role_missing"),
        (NURSE, asking("nurse", verified=True), "address_not_verified"),
        (ENROLLING, asking("nurse"), "mfa_setup_required"),
        (ENROLLING, asking("doctor", enrolling=True), "role_missing"),
        (Actor(roles=frozenset({"nurse"})), asking("nurse"), "token_missing"),
    ],
)
def test_caller_without_the_right_is_refused_with_the_reason(actor: Actor, contract: type[Command], code: str) -> None:
    with pytest.raises((Unauthenticated, Forbidden)) as error:
        check_right(actor, contract)
    assert error.value.code == code


def test_anyone_may_ask_what_is_public() -> None:
    check_right(NOBODY, asking())
    check_right(ENROLLING, asking())


def test_enrolling_caller_may_use_commands_of_the_enrolment() -> None:
    check_right(ENROLLING, asking("nurse", enrolling=True))


def test_actor_may_act_for_others_only_with_the_role() -> None:
    other = uuid7()
    NURSE.may_act_for(NURSE.person)
    NURSE.may_act_for(other, {"nurse"})
    with pytest.raises(NotFound):
        NURSE.may_act_for(other, {"admin"})


def test_anonymous_caller_may_act_for_no_person() -> None:
    with pytest.raises(NotFound):
        NOBODY.may_act_for(uuid7())
    with pytest.raises(Unauthenticated):
        assert NOBODY.person
