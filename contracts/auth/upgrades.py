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
    "The request for a role has been decided or withdrawn; `state` says which.",
)
ALREADY_GRANTED = Refusal(
    Conflict, "already_granted", "The person has this role already.", "The person has this role already."
)
ALREADY_PENDING = Refusal(
    Conflict,
    "already_pending",
    "You have asked for this role already.",
    "A request for this role waits for its decision already.",
)


SPECIALIZATION = (validate.Length(1, 100), ONE_LINE)
"""Of a doctor: it stands in the directory."""
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
    """Somebody's request for a role in the list of admins, with who asks."""

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
    """Ask for a role. A doctor states licence and specialization."""

    role: Annotated[str, validate.OneOf([Role.DOCTOR, *sorted(STAFF)])]
    licence_number: Annotated[str, LICENCE] | None = None
    specialization: Annotated[str, SPECIALIZATION] | None = None
    statement: Annotated[str, validate.Length(1, 2000), VISIBLE]


class WithdrawUpgrade(Command, service="auth", roles=ANY_ROLE, returns=UpgradeRequestView, refuses=(ALREADY_DECIDED,)):
    """Take one's own request back."""

    request_id: Annotated[UUID, "The request."]


class ListMyUpgradeRequests(PageQuery, service="auth", roles=ANY_ROLE, returns=page_of(UpgradeRequestView)):
    """One's own requests for roles, newest first."""


class ListUpgradeRequests(PageQuery, service="auth", roles=frozenset({Role.ADMIN}), returns=page_of(UpgradeRowView)):
    """All requests for roles, newest first."""

    status: Annotated[UpgradeStatus, "Only requests that stand so."] = UpgradeStatus.PENDING


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
    """Approve or reject a request for a role. A rejection needs a reason."""

    request_id: UUID
    decision: Literal["approve", "reject"]
    reason: Annotated[str, validate.Length(1, 1000), VISIBLE] | None = None
