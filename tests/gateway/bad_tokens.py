"""Bad tokens, each wrong in exactly one way, and the code of their 401."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any, NamedTuple

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.auth.sessions import keys
from tests.hospital import Hospital, eventually
from tests.people import PASSWORD, sign_in
from tests.tokens import Mint
from tokens import REQUIRED, TOKEN_TYPE

SEVERAL = ["matron", "others"]
LONG_AGO = 1_700_000_000


class Bad(NamedTuple):
    """A token, and the code of its 401."""

    name: str
    token: str
    code: str = "token_invalid"


class Forger:
    """Creates bad tokens. The hospital's own key signs them, unless the signature is the error."""

    def __init__(self, hospital: Hospital, stranger: Mint, claims: dict[str, Any]) -> None:
        self.hospital, self.stranger, self.claims = hospital, stranger, claims
        self.key_id, self.key = keys.newest(hospital.folder / "keys" / "private")

    def all(self) -> list[Bad]:
        """Return all bad tokens."""
        kinds = (self._ended, self._wrong_signatures, self._wrong_claims, self._wrong_headers, self._no_tokens)
        return [bad for kind in kinds for bad in kind()]

    def signed(self, claims: dict[str, Any], key: Ed25519PrivateKey | None = None, **headers: Any) -> str:
        """Sign a token with the hospital's key or another key. A header of None is left out."""
        chosen = {"kid": self.key_id, "typ": TOKEN_TYPE, **headers}
        return jwt.encode(claims, key or self.key, algorithm="EdDSA", headers=chosen)

    def _ended(self) -> Iterator[Bad]:
        yield Bad("expired", self.signed({**self.claims, "exp": LONG_AGO}), "token_expired")
        person = sign_in(self.hospital, _registered(self.hospital))
        assert self.hospital.call("POST", "/api/auth/logout", token=person.token, json={}).status_code == 200
        eventually(lambda: self.hospital.call("GET", "/api/users/me", token=person.token).status_code == 401)
        yield Bad("of a session that has ended", person.token, "session_ended")

    def _wrong_signatures(self) -> Iterator[Bad]:
        yield Bad("another's key under our key id", self.signed(self.claims, Ed25519PrivateKey.generate()))
        yield Bad("another's key under its own id", self.stranger.token(*self.claims["roles"]))
        yield Bad("unsigned", jwt.encode(self.claims, None, algorithm="none", headers=self._headers()))
        for name, secret in self._public_secrets().items():
            yield Bad(f"HS256 with {name}", self._with_hmac(secret))
        head, body, signature = self.signed({**self.claims, "roles": []}).split(".")
        yield Bad("changed after it was signed", f"{head}.{_encoded(self.claims)}.{signature}")
        yield Bad("without its signature", f"{head}.{body}.")

    def _wrong_claims(self) -> Iterator[Bad]:
        for claim, value in (("aud", "others"), ("aud", SEVERAL), ("iss", "others"), ("sub", "admin")):
            yield Bad(f"{claim} is {value}", self.signed({**self.claims, claim: value}))
        for claim in (*REQUIRED, "roles", "sid"):
            left = {name: value for name, value in self.claims.items() if name != claim}
            yield Bad(f"without {claim}", self.signed(left))

    def _wrong_headers(self) -> Iterator[Bad]:
        yield Bad("a plain JWT", self.signed(self.claims, typ="JWT"))
        yield Bad("without typ", self.signed(self.claims, typ=None))
        yield Bad("with an extension that must be understood", self.signed(self.claims, crit=["b64"], b64=True))
        yield Bad("with an unknown key id", self.signed(self.claims, kid="unknown"))
        yield Bad("without a key id", self.signed(self.claims, kid=""))

    def _no_tokens(self) -> Iterator[Bad]:
        email = _registered(self.hospital)
        tokens = self.hospital.call("POST", "/api/auth/login", json={"email": email, "password": PASSWORD}).json()
        yield Bad("a refresh token", tokens["refresh_token"])
        yield Bad("no token at all", "nonsense")
        yield Bad("the parts of none", "..")

    def _headers(self) -> dict[str, str]:
        return {"kid": self.key_id, "typ": TOKEN_TYPE}

    def _public_secrets(self) -> dict[str, bytes]:
        """Return the public forms of the hospital's key, which an attacker could use as a secret."""
        public = self.key.public_key()
        return {
            "the public key": public.public_bytes(Encoding.Raw, PublicFormat.Raw),
            "the public key as PEM": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "the key set": (self.hospital.folder / "keys" / "jwks.json").read_bytes(),
            "nothing": b"",
        }

    def _with_hmac(self, secret: bytes) -> str:
        """Sign with HMAC by hand, because PyJWT refuses a public key as a secret."""
        signed = f"{_encoded({**self._headers(), 'alg': 'HS256'})}.{_encoded(self.claims)}"
        return f"{signed}.{_base64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def _registered(hospital: Hospital) -> str:
    """Register a person, and return the e-mail address."""
    email = "bea@gateway.example"
    hospital.call("POST", "/api/auth/register", json={"email": email, "password": PASSWORD, "name": "Bea Lund"})
    return email


def _encoded(part: dict[str, Any]) -> str:
    return _base64(orjson.dumps(part))


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
