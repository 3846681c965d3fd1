"""Every write is idempotent: its reply is stored under the caller's key, in the transaction of its work.

A command in one transaction writes key and reply together, at its end. When the key is there already, or when the work
is refused, perhaps because it has been done before, the stored reply goes back. A command that calls outside claims
its key at its beginning, with what its later steps need. A refusal rolls everything back, so the key may be tried
again.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import bindparam, literal_column, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from chassis import clock, config
from chassis.contract import Command
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.tables import idempotency
from chassis.refusals import KEY_REUSED
from transports import rows

_VALUES: dict[str, Any] = {c.name: bindparam(c.name) for c in idempotency.c if c.name not in ("plan", "reply")}
_CLAIM: dict[str, Any] = {
    "postgresql": postgresql.insert(idempotency)
    .values(_VALUES)
    .on_conflict_do_nothing()
    .returning(literal_column("1")),
    "sqlite": sqlite.insert(idempotency).values(_VALUES).on_conflict_do_nothing().returning(literal_column("1")),
}
_MINE = (
    idempotency.c.actor == bindparam("k_actor"),
    idempotency.c.command == bindparam("k_command"),
    idempotency.c.key == bindparam("k_key"),
)
_FIND = select(idempotency.c.fingerprint, idempotency.c.plan, idempotency.c.reply).where(*_MINE)
_STORE_PLAN = update(idempotency).where(*_MINE).values(plan=bindparam("plan", type_=idempotency.c.plan.type))
_FIND_LOCKED = _FIND.with_for_update()
_REPLY = bindparam("reply", type_=idempotency.c.reply.type)
_STORE = update(idempotency).where(*_MINE).values(reply=_REPLY, fingerprint=bindparam("fingerprint"), plan=null())

KEY_TAKEN = ("idempotency_pkey", "pk_idempotency", "uq_idempotency_actor_command_key")
"""The primary key's names on PostgreSQL and SQLite."""


@dataclass(slots=True)
class Claim:
    """What is known of a key: nothing (fresh), a plan (begun by an earlier try), or the reply (done)."""

    fresh: bool
    key: Mapping[str, str]
    plan: Any = None
    reply: Any = None


def fingerprint(command: type[Command], payload: Mapping[str, Any], *, is_done: bool = True) -> str:
    """A digest of the request's body; with secrets in it, one that tells nothing to who has the database alone.

    Secrets count once it is done: until then a password may be refused, and a better one come under the same key.
    """
    counted = {name: value for name, value in payload.items() if is_done or name not in command.secrets()}
    body = orjson.dumps(counted, option=orjson.OPT_SORT_KEYS)
    if counted.keys().isdisjoint(command.secrets()):
        return hashlib.sha256(body).hexdigest()
    return hmac.digest(_pepper(config.current().signing_keys), body, "sha256").hex()


@cache
def _pepper(folder: Path) -> bytes:
    """A key made from the oldest of `secrets.key`: another one on top of the file changes nothing."""
    return hmac.digest((folder / "secrets.key").read_bytes().split()[-1], b"idempotency", "sha256")


def row_of(actor: Actor, command: type[Command], payload: Mapping[str, Any], reply: Any) -> rows.Row:
    """The row that says that the key's request is done; another one with the key violates one of `KEY_TAKEN`."""
    return idempotency, {**_values(actor, command, fingerprint(command, payload)), "reply": {"is": reply}}


def _values(actor: Actor, command: type[Command], digest: str) -> dict[str, Any]:
    return {**_key(actor, command), "fingerprint": digest, "created_at": clock.now()}


def _key(actor: Actor, command: type[Command]) -> dict[str, str]:
    return {"actor": str(actor.id or ""), "command": command.method(), "key": actor.key}


def find(session: Session, actor: Actor, command: type[Command], payload: Mapping[str, Any]) -> Claim | None:
    """What became of the key; None when it has not been used. Invalid: `key_reused` with another body."""
    key = _prefixed(_key(actor, command))
    found = session.execute(_FIND, key).first()
    return None if found is None else _claimed(found, key, command, payload)


def _claimed(found: Any, key: Mapping[str, str], command: type[Command], payload: Mapping[str, Any]) -> Claim:
    if found.fingerprint != fingerprint(command, payload, is_done=found.reply is not None):
        raise KEY_REUSED()
    return Claim(fresh=False, key=key, plan=found.plan, reply=found.reply)


def claim(session: Session, actor: Actor, command: type[Command], payload: Mapping[str, Any]) -> Claim:
    """Claim the actor's key for this request, or learn what became of it. Waits for another one with the key.

    Invalid: `key_reused` when the key was used with another body.
    """
    values = _values(actor, command, fingerprint(command, payload, is_done=False))
    if session.execute(_CLAIM[session.get_bind().dialect.name], values).first() is not None:
        return Claim(fresh=True, key=_prefixed(_key(actor, command)))
    found = find(session, actor, command, payload)
    assert found is not None  # noqa: S101  the index has just said so
    return found


def store_plan(session: Session, held: Claim, plan: Any) -> None:
    """Keep what the later steps of the command need."""
    session.execute(_STORE_PLAN, {**held.key, "plan": {"is": plan}})


def done(session: Session, held: Claim, command: type[Command], payload: Mapping[str, Any]) -> Any:
    """The reply, if another request with the key was faster; nobody stores one meanwhile. Invalid: `key_reused`."""
    return _claimed(session.execute(_FIND_LOCKED, held.key).one(), held.key, command, payload).reply


def store(session: Session, held: Claim, command: type[Command], payload: Mapping[str, Any], reply: Any) -> None:
    """Keep the reply of a request whose key was claimed at its beginning."""
    session.execute(_STORE, {**held.key, "reply": {"is": reply}, "fingerprint": fingerprint(command, payload)})


def _prefixed(key: Mapping[str, str]) -> dict[str, str]:
    return {f"k_{name}": value for name, value in key.items()}
