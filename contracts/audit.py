"""Who did what: every service answers for itself, and the gateway puts their answers together."""

from marshmallow import fields, validate

from chassis.contract import PageQuery, View, page_of
from contracts.moments import Moment
from contracts.roles import Role

ACTION = "The whole name of what was done, such as `book_appointment`."
DETAILS = "What more there is to say, such as the roles that were given and taken; without names and contacts."


class AuditView(View):
    """One deed, or one that was refused. `actor_id` is null for one who had not signed in."""

    id = fields.Integer()
    at = fields.AwareDateTime()
    actor_id = fields.UUID(allow_none=True)
    action = fields.String()
    record_id = fields.UUID(allow_none=True)
    allowed = fields.Boolean()
    address = fields.String()
    request_id = fields.String()
    details = fields.Raw(allow_none=True, metadata={"description": DETAILS})


ADMINS = frozenset({Role.ADMIN})
AuditPage = page_of(AuditView)


class AuditQuery(PageQuery):
    """Base of each service's `ListAudit`: rows newest first, by person, record, action, time, and so on."""

    person_id = fields.UUID(load_default=None, metadata={"description": "Who did it, or to whom it was done."})
    record_id = fields.UUID(load_default=None, metadata={"description": "The record that it was done to."})
    action = fields.String(load_default=None, validate=validate.Length(1, 100), metadata={"description": ACTION})
    allowed = fields.Boolean(
        load_default=None, metadata={"description": "Only what was allowed, or only what was refused."}
    )
    from_ = Moment(load_default=None, data_key="from", metadata={"description": "Inclusive."})
    to = Moment(load_default=None, metadata={"description": "Exclusive."})


class ServiceAuditView(AuditView):
    """One deed, and the service that wrote it down."""

    service = fields.String()


class AuditTrailView(View):
    """Deeds in all services, newest first; `missing` names the services that did not answer."""

    items = fields.List(fields.Nested(ServiceAuditView))
    next = fields.String(allow_none=True)
    missing = fields.List(fields.String())


class ListAuditTrail(AuditQuery):
    """Who did what to which record, from where, in all services, newest first.

    Refused deeds are there as well, and so are signing in and failing to.
    """

    service, roles, returns = "gateway", ADMINS, AuditTrailView
