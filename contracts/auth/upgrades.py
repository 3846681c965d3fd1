"""Requests for roles."""

from marshmallow import fields, validate

from chassis.contract import Command, PageQuery, View, page_of
from contracts.auth.common import SPECIALIZATION
from contracts.roles import ANY_ROLE, STAFF, Role
from contracts.texts import ONE_LINE, VISIBLE

LICENCE = (validate.Length(1, 100), ONE_LINE)
STATES = ["pending", "approved", "rejected", "withdrawn"]


class UpgradeRequestView(View):
    """A request for a role."""

    id = fields.UUID()
    user_id = fields.UUID()
    role = fields.String(validate=validate.OneOf([role.value for role in Role]))
    status = fields.String(validate=validate.OneOf(STATES))
    licence_number = fields.String(allow_none=True)
    specialization = fields.String(allow_none=True)
    statement = fields.String()
    reason = fields.String(allow_none=True)
    created_at = fields.AwareDateTime()


class UpgradeRowView(UpgradeRequestView):
    """Somebody's request for a role in the list of admins, with who asks."""

    email = fields.Email()
    name = fields.String()


class RequestUpgrade(Command):
    """Ask for a role. A doctor states licence and specialization, else Invalid.

    Conflict: `already_pending`, `already_granted`.
    """

    service, roles, returns, verified = "auth", ANY_ROLE, UpgradeRequestView, True
    role = fields.String(required=True, validate=validate.OneOf([Role.DOCTOR, *sorted(STAFF)]))
    licence_number = fields.String(load_default=None, allow_none=True, validate=LICENCE)
    specialization = fields.String(load_default=None, allow_none=True, validate=SPECIALIZATION)
    statement = fields.String(required=True, validate=(validate.Length(1, 2000), VISIBLE))


class WithdrawUpgrade(Command):
    """Take one's own request back.

    NotFound: `not_found`. Conflict: `already_decided`.
    """

    service, roles, returns = "auth", ANY_ROLE, UpgradeRequestView
    request_id = fields.UUID(required=True, metadata={"description": "The request."})


class ListMyUpgradeRequests(PageQuery):
    """One's own requests for roles, newest first."""

    service, roles, returns = "auth", ANY_ROLE, page_of(UpgradeRequestView)


class ListUpgradeRequests(PageQuery):
    """All requests for roles, newest first."""

    service, roles, returns = "auth", frozenset({Role.ADMIN}), page_of(UpgradeRowView)
    status = fields.String(
        load_default="pending",
        validate=validate.OneOf(STATES),
        metadata={"description": "Only requests that stand so."},
    )


class DecideUpgrade(Command):
    """Approve or reject a request for a role. A rejection needs a reason.

    Invalid: `reason_required`. Forbidden: `own_request`. Conflict: `already_decided`, `already_granted`,
    `account_not_active`.
    """

    service, roles, returns = "auth", frozenset({Role.ADMIN}), UpgradeRequestView
    request_id = fields.UUID(required=True)
    decision = fields.String(required=True, validate=validate.OneOf(["approve", "reject"]))
    reason = fields.String(load_default=None, allow_none=True, validate=(validate.Length(1, 1000), VISIBLE))
