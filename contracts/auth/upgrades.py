"""Requests for roles."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict
from chassis.refusals import Refusal
from contracts.auth.refusals import ACCOUNT_NOT_ACTIVE
from contracts.refusals import OWN_REQUEST, REASON_REQUIRED
from contracts.roles import ANY_ROLE, STAFF, Role
from contracts.texts import ONE_LINE, VISIBLE, EmailText

ALREADY_DECIDED = Refusal(
    Conflict,
    "already_decided",
    "The request is {state}.",
    "The request is already approved, rejected or withdrawn. `state` is its status.",
)
ALREADY_GRANTED = Refusal(
    Conflict, "already_granted", "The person already has this role.", "The person already has this role."
)
ALREADY_PENDING = Refusal(
    Conflict,
    "already_pending",
    "You have already requested this role.",
    "A request of the person for this role is already pending.",
)


SPECIALIZATION = (validate.Length(1, 100), ONE_LINE)
"""The specialization of a doctor, which the public directory shows."""
LICENCE = (validate.Length(1, 100), ONE_LINE)


class UpgradeStatus(StrEnum):
    """The states of a request for a role."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class UpgradeRequestView(View):
    """A request for a role."""

    id: UUID
    user_id: UUID
    role: Role
    status: UpgradeStatus
    licence_number: str | None
    specialization: str | None
    statement: str
    reason: str | None
    created_at: datetime


class UpgradeRowView(UpgradeRequestView):
    """A request for a role, with the name and address of the person."""

    email: EmailText
    name: str


class RequestUpgrade(
    Command,
    service="auth",
    roles=ANY_ROLE,
    returns=UpgradeRequestView,
    verified=True,
    refuses=(
        ALREADY_PENDING,
        ALREADY_GRANTED,
    ),
):
    """Request a role. The role doctor requires licence and specialization."""

    role: Annotated[str, validate.OneOf([Role.DOCTOR, *sorted(STAFF)])]
    licence_number: Annotated[str, LICENCE] | None = None
    specialization: Annotated[str, SPECIALIZATION] | None = None
    statement: Annotated[str, validate.Length(1, 2000), VISIBLE]


class WithdrawUpgrade(Command, service="auth", roles=ANY_ROLE, returns=UpgradeRequestView, refuses=(ALREADY_DECIDED,)):
    """Withdraw a request of the caller."""

    request_id: Annotated[UUID, "The request."]


class ListMyUpgradeRequests(PageQuery, service="auth", roles=ANY_ROLE, returns=page_of(UpgradeRequestView)):
    """List the caller's requests for roles, newest first."""


class ListUpgradeRequests(PageQuery, service="auth", roles=frozenset({Role.ADMIN}), returns=page_of(UpgradeRowView)):
    """List all requests for roles, newest first."""

    status: Annotated[UpgradeStatus, "Only requests with this status."] = UpgradeStatus.PENDING


class DecideUpgrade(
    Command,
    service="auth",
    roles=frozenset({Role.ADMIN}),
    returns=UpgradeRequestView,
    refuses=(
        REASON_REQUIRED,
        OWN_REQUEST,
        ALREADY_DECIDED,
        ALREADY_GRANTED,
        ACCOUNT_NOT_ACTIVE,
    ),
):
    """Approve or reject a request for a role. A rejection requires a reason."""

    request_id: UUID
    decision: Literal["approve", "reject"]
    reason: Annotated[str, validate.Length(1, 1000), VISIBLE] | None = None
