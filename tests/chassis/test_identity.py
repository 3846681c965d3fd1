"""Whose tokens count, and what an actor may do."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from uuid_utils.compat import uuid7

from chassis import identity
from chassis.errors import Forbidden, NotFound, Unauthenticated
from chassis.identity import NOBODY, Actor, KeySet, Verifier, check_right
from tests.tokens import KEY_ID, Mint

HEADERS = {"kid": KEY_ID, "typ": identity.TOKEN_TYPE}


@pytest.fixture
def verifier(mint: Mint) -> Verifier:
    """Who believes the mint."""
    return Verifier(KeySet(mint.jwks_file))


def refused(verifier: Verifier, token: str) -> str:
    """The code with which a token is refused."""
    with pytest.raises(Unauthenticated) as error:
        verifier.actor(token)
    return error.value.code


def test_a_good_token_says_who_asks(verifier: Verifier, mint: Mint) -> None:
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


def test_an_ended_token_says_so(verifier: Verifier, mint: Mint) -> None:
    assert refused(verifier, mint.token("nurse", exp=int(time.time()) - 1)) == "token_expired"


def test_a_token_ends_although_it_was_believed_before(
    verifier: Verifier, mint: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, now = mint.token("nurse"), time.time()
    verifier.actor(token)
    monkeypatch.setattr(identity.time, "time", lambda: now + 901)
    assert refused(verifier, token) == "token_expired"


def forged_none(mint: Mint) -> str:
    """Signed by nobody."""
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


def test_a_new_key_is_found_without_a_restart(mint: Mint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "RELOAD_SECONDS", -1.0)
    verifier = Verifier(KeySet(mint.jwks_file))
    verifier.actor(mint.token("nurse"))
    newer = Mint(mint.jwks_file.with_name("newer.json"))
    known, fresh = (orjson.loads(one.jwks_file.read_bytes())["keys"][0] for one in (mint, newer))
    mint.jwks_file.write_bytes(orjson.dumps({"keys": [known, {**fresh, "kid": "newer"}]}))
    token = identity.sign(newer.key, "newer", newer.claims("nurse"))
    assert verifier.actor(token).roles == {"nurse"}
    assert verifier.actor(mint.token("nurse")).roles == {"nurse"}


def test_unknown_keys_do_not_make_the_file_be_read_each_time(mint: Mint, monkeypatch: pytest.MonkeyPatch) -> None:
    key_set, reads = KeySet(mint.jwks_file), list[int]()
    monkeypatch.setattr(KeySet, "reload", _counting(KeySet.reload, reads))
    verifier = Verifier(key_set)
    for _ in range(5):
        refused(verifier, with_headers(kid="unknown")(mint))
    assert len(reads) == 1


def _counting(work: Callable[..., None], calls: list[int]) -> Callable[..., None]:
    def counted(*args: Any) -> None:
        calls.append(1)
        work(*args)

    return counted


def test_without_a_file_of_keys_nobody_is_believed(mint: Mint) -> None:
    assert refused(Verifier(KeySet(mint.jwks_file.with_name("missing.json"))), mint.token("nurse")) == "token_invalid"


def test_what_is_remembered_of_tokens_does_not_grow_for_ever(
    verifier: Verifier, mint: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "REMEMBERED", 3)
    for _ in range(10):
        verifier.actor(mint.token("nurse"))
    assert len(verifier.known) <= 3


NURSE = Actor(id=uuid7(), roles=frozenset({"nurse"}))


@pytest.mark.parametrize(
    ("actor", "roles", "verified", "code"),
    [
        (NOBODY, {"nurse"}, False, "token_missing"),
        (NURSE, {"doctor"}, False, "role_missing"),
        (NURSE, {"nurse"}, True, "address_not_verified"),
        (Actor(roles=frozenset({"nurse"})), {"nurse"}, False, "token_missing"),
    ],
)
def test_who_may_not_ask_learns_why(actor: Actor, roles: set[Any], verified: bool, code: str) -> None:  # noqa: FBT001
    with pytest.raises((Unauthenticated, Forbidden)) as error:
        check_right(actor, frozenset(roles), verified=verified)
    assert error.value.code == code


def test_anyone_may_ask_what_is_public() -> None:
    check_right(NOBODY, frozenset(), verified=False)


def test_one_acts_for_oneself_and_others_only_with_the_role() -> None:
    other = uuid7()
    NURSE.may_act_for(NURSE.person)
    NURSE.may_act_for(other, {"nurse"})
    with pytest.raises(NotFound):
        NURSE.may_act_for(other, {"admin"})


def test_nobody_acts_for_nobody() -> None:
    with pytest.raises(NotFound):
        NOBODY.may_act_for(uuid7())
    with pytest.raises(Unauthenticated):
        assert NOBODY.person
