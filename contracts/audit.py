"""The audit: each service lists its own entries, and the gateway merges the lists."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from marshmallow import validate

from chassis.contract import PageQuery, View, page_of
from contracts.roles import Role
from records.fields import Key

ACTION = "The full name of the action, such as `book_appointment`."
DETAILS = "Further facts, such as the roles that an admin granted and revoked. No names or contacts."


class AuditView(View):
    """An action, allowed or refused. `actor_id` is null when the caller was not signed in."""

    id: int
    at: datetime
    actor_id: UUID | None
    action: str
    record_id: UUID | None
    allowed: bool
    address: str
    request_id: str
    details: Annotated[Any, DETAILS] | None


ADMINS = frozenset({Role.ADMIN})
AuditPage = page_of(AuditView)


class AuditQuery(PageQuery):
    """Base of each service's `ListAudit`: entries, newest first, with filters."""

    person_id: Annotated[UUID, "The actor, or the person concerned."] | None = None
    record_id: Annotated[UUID, "The record concerned."] | None = None
    action: Annotated[str, validate.Length(1, 100), ACTION] | None = None
    allowed: Annotated[bool, "`true`: only allowed actions; `false`: only refused actions."] | None = None
    from_: Annotated[datetime, "Inclusive.", Key("from")] | None = None
    to: Annotated[datetime, "Exclusive."] | None = None


class ServiceAuditView(AuditView):
    """An action, and the service that recorded it."""

    service: str


class AuditTrailView(View):
    """Actions in all services, newest first. `missing` names the services that did not answer."""

    items: list[ServiceAuditView]
    next: str | None
    missing: list[str]


class ListAuditTrail(AuditQuery, service="gateway", roles=ADMINS, returns=AuditTrailView):
    """List the actions in all services, newest first: actor, action, record and network address.

    The list includes refused actions, logins and failed logins.
    """
