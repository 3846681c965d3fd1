"""A client of the clinical service. Requests run as in production, with roles, commits and events."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from uuid_utils.compat import uuid7

from chassis.contract import Command
from chassis.errors import MatronError
from chassis.identity import Actor
from chassis.persistence.database import Database
from services.clinical.service import ClinicalService
from tests.chassis.hosts import FakeHost

DONE = "done"


@dataclass(frozen=True)
class Answer:
    """The outcome of a request: `done` with the reply, or the code of the refusal."""

    code: str
    reply: Any = None


def ask(
    database: Database, actor: Actor, contract: type[Command], payload: Mapping[str, Any], *, if_match: str = ""
) -> Answer:
    """Send a request to the service."""
    host = FakeHost(database, actor=actor, key=str(uuid7()))
    host.call = replace(host.call, if_match=if_match)
    try:
        reply = getattr(ClinicalService, contract.method())(host, **orjson.loads(orjson.dumps(payload)))
    except MatronError as refusal:
        return Answer(refusal.code)
    return Answer(DONE, orjson.loads(orjson.dumps(reply)))
