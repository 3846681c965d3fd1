"""Every write is idempotent: its key is claimed in its own transaction, and its reply is stored under the key.

A second request with the key waits for the first one's transaction (on PostgreSQL at the unique index, on SQLite at the
writer's lock) and then gets the stored reply. A refusal rolls the claim back, so the same key may be tried again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import bindparam, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from chassis import clock
from chassis.contract import Command
from chassis.database import Session
from chassis.errors import Invalid
from chassis.identity import Actor
from chassis.tables import idempotency

_VALUES = {c.name: bindparam(c.name) for c in idempotency.c if c.name not in ("plan", "reply")}
_CLAIM = {
    "postgresql": postgresql.insert(idempotency).values(_VALUES).on_conflict_do_nothing().returning(literal_column("1")),
    "sqlite": sqlite.insert(idempotency).values(_VALUES).on_conflict_do_nothing().returning(literal_column("1")),
}
_MINE = (
    idempotency.c.actor == bindparam("k_actor"),
    idempotency.c.command == bindparam("k_command"),
    idempotency.c.key == bindparam("k_key"),
)
_FIND = select(idempotency.c.fingerprint, idempotency.c.plan, idempotency.c.reply).where(*_MINE)
_STORE_PLAN = update(idempotency).where(*_MINE).values(plan=bindparam("plan", type_=idempotency.c.plan.type))
STORE = update(idempotency).where(*_MINE).values(reply=bindparam("reply", type_=idempotency.c.reply.type))


@dataclass(slots=True)
class Claim:
    """What is known of a key: nothing (fresh), a plan (begun by an earlier try), or the reply (done)."""

    fresh: bool
    key: Mapping[str, str]
    plan: Any = None
    reply: Any = None


def fingerprint(command: type[Command], payload: Mapping[str, Any]) -> str:
    """A digest of the request's body, without its secrets."""
    public = {name: value for name, value in payload.items() if name not in command.secrets()}
    return hashlib.sha256(orjson.dumps(public, option=orjson.OPT_SORT_KEYS)).hexdigest()


def claim(session: Session, actor: Actor, command: type[Command], payload: Mapping[str, Any]) -> Claim:
    """Claim the actor's key for this request, or learn what became of it.

    Invalid: `key_reused` when the key was used with another body.
    """
    key = {"actor": str(actor.id or ""), "command": command.method(), "key": actor.key}
    mark = fingerprint(command, payload)
    values = {**key, "fingerprint": mark, "created_at": clock.now()}
    if session.execute(_CLAIM[session.get_bind().dialect.name], values).first() is not None:
        return Claim(fresh=True, key=_prefixed(key))
    found = session.execute(_FIND, _prefixed(key)).one()
    if found.fingerprint != mark:
        raise Invalid("key_reused", "This Idempotency-Key was used with another body.")
    return Claim(fresh=False, key=_prefixed(key), plan=found.plan, reply=found.reply)


def store_plan(session: Session, held: Claim, plan: Any) -> None:  # noqa: ANN401  plain JSON
    """Keep what the later steps of the command need."""
    session.execute(_STORE_PLAN, {**held.key, "plan": {"is": plan}})


def _prefixed(key: Mapping[str, str]) -> dict[str, str]:
    return {f"k_{name}": value for name, value in key.items()}
