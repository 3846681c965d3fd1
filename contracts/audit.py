"""Who did what: every service answers for itself, and the gateway puts their answers together."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from marshmallow import validate

from chassis.contract import PageQuery, View, page_of
from contracts.roles import Role
from records.fields import Key

ACTION = "The whole name of what was done, such as `book_appointment`."
DETAILS = "What more there is to say, such as the roles that were given and taken; without names and contacts."


class AuditView(View):
    """One deed, or one that was refused. `actor_id` is null for one who had not signed in."""

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
    """Base of each service's `ListAudit`: rows newest first, by person, record, action, time, and so on."""

    person_id: Annotated[UUID, "Who did it, or to whom it was done."] | None = None
    record_id: Annotated[UUID, "The record that it was done to."] | None = None
    action: Annotated[str, validate.Length(1, 100), ACTION] | None = None
    allowed: Annotated[bool, "Only what was allowed, or only what was refused."] | None = None
    from_: Annotated[datetime, "Inclusive.", Key("from")] | None = None
    to: Annotated[datetime, "Exclusive."] | None = None


class ServiceAuditView(AuditView):
    """One deed, and the service that wrote it down."""

    service: str


class AuditTrailView(View):
    """Deeds in all services, newest first; `missing` names the services that did not answer."""

    items: list[ServiceAuditView]
    next: str | None
    missing: list[str]


class ListAuditTrail(AuditQuery, service="gateway", roles=ADMINS, returns=AuditTrailView):
    """Who did what to which record, from where, in all services, newest first.

    Refused deeds are there as well, and so are signing in and failing to.
    """
