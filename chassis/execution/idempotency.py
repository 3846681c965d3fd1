"""Every write is idempotent: its reply is stored under the caller's key, in the transaction of the work.

A command in one transaction writes key and reply together, at its end. If the key exists, or the work is refused, the
stored reply of the first request goes back. A command with an outside call claims its key in its first transaction,
with the plan for its later steps. A refusal rolls everything back, so the caller may try the key again.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
from sqlalchemy import Row, bindparam, null, select, update

from chassis import clock, config
from chassis.contract import Command
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.tables import idempotency
from chassis.persistence.upserts import if_new
from chassis.refusals import KEY_REUSED
from transports import rows

_CLAIM = if_new(idempotency, "plan", "reply")
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


@dataclass(frozen=True, slots=True)
class Known:
    """The state of a key: the plan of an unfinished request, or the reply of a finished one, each as `{"is": ...}`."""

    plan: dict[str, object] | None
    reply: dict[str, object] | None


def fingerprint(command: type[Command], payload: Mapping[str, object], *, is_done: bool = True) -> str:
    """A digest of the request's body. Secrets go into it under a secret key, so that the database reveals none.

    Secrets count once the request is done: after a refused password, a better one may come under the same key.
    """
    given, secrets = command.repeated(payload), command.secrets()
    counted = {name: value for name, value in given.items() if is_done or name not in secrets}
    body = orjson.dumps(counted, option=orjson.OPT_SORT_KEYS)
    if counted.keys().isdisjoint(secrets):
        return hashlib.sha256(body).hexdigest()
    return hmac.digest(_pepper(config.current().signing_keys), body, "sha256").hex()


@cache
def _pepper(folder: Path) -> bytes:
    """A key made from the oldest line of `secrets.key`: a new first line changes nothing."""
    return hmac.digest((folder / "secrets.key").read_bytes().split()[-1], b"idempotency", "sha256")


class Key:
    """The idempotency key of one request: of this actor, for this contract, with this payload."""

    def __init__(self, actor: Actor, contract: type[Command], value: str, payload: Mapping[str, object]) -> None:
        self.columns = {"actor": str(actor.id or ""), "command": contract.method(), "key": value}
        self.contract, self.payload = contract, payload
        self.where = {f"k_{name}": value for name, value in self.columns.items()}

    def row(self, reply: object) -> rows.Row:
        """The row of a finished request. A second row with the key violates a constraint of `KEY_TAKEN`."""
        return idempotency, {**self._values(is_done=True), "reply": {"is": reply}}

    def find(self, session: Session) -> Known | None:
        """The state of the key; None if it is unused. Invalid: `key_reused` with another body."""
        found = session.execute(_FIND, self.where).first()
        return None if found is None else self._known(found)

    def claim(self, session: Session) -> Known | None:
        """Claim the key and return None, or return its state. Waits for another request with the key.

        Invalid: `key_reused` with another body.
        """
        statement = _CLAIM[session.get_bind().dialect.name]
        if session.execute(statement, self._values(is_done=False)).first() is not None:
            return None
        return self.find(session)

    def store_plan(self, session: Session, plan: object) -> None:
        """Keep the plan for the later steps of the command."""
        session.execute(_STORE_PLAN, {**self.where, "plan": {"is": plan}})

    def lock(self, session: Session) -> Known:
        """The state of a claimed key, locked: no other request can store a reply. Invalid: `key_reused`."""
        return self._known(session.execute(_FIND_LOCKED, self.where).one())

    def store(self, session: Session, reply: object) -> None:
        """Keep the reply of a request that has claimed its key."""
        session.execute(_STORE, {**self.where, "reply": {"is": reply}, "fingerprint": self._digest(is_done=True)})

    def _known(self, found: Row[*tuple[object, ...]]) -> Known:
        if found.fingerprint != self._digest(is_done=found.reply is not None):
            raise KEY_REUSED()
        return Known(found.plan, found.reply)

    def _values(self, *, is_done: bool) -> dict[str, object]:
        return {**self.columns, "fingerprint": self._digest(is_done=is_done), "created_at": clock.now()}

    def _digest(self, *, is_done: bool) -> str:
        return fingerprint(self.contract, self.payload, is_done=is_done)
