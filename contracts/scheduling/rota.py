"""Who of the staff works where and when: shifts, and swapping them."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from chassis.contract import Command, PageQuery, Query, View, page_of
from contracts.moments import Moment
from contracts.roles import STAFF, Role
from contracts.scheduling.common import REASON, Choices, TimedQuery
from contracts.texts import VISIBLE

ADMIN = frozenset({Role.ADMIN})
SHIFT_STATES = ["assigned", "cancelled"]
SWAP_STATES = ["asked", "accepted", "declined", "approved", "refused", "withdrawn", "expired"]
WARD = (validate.Length(1, 100), VISIBLE)
THE_SHIFT: dict[str, str] = {"description": "The shift."}
A_WARD: dict[str, str] = {"example": "Ward 3"}
STARTS: dict[str, str] = {"example": "2026-11-23T05:00:00+00:00"}
ENDS: dict[str, str] = {"example": "2026-11-23T13:00:00+00:00"}
WHY_NOT: dict[str, str] = {"example": "Ward 3 needs you that day."}


class ShiftView(View):
    """A time in which somebody works on a ward."""

    id = fields.UUID()
    person_id = fields.UUID()
    ward = fields.String(metadata=A_WARD)
    starts_at = fields.AwareDateTime(metadata=STARTS)
    ends_at = fields.AwareDateTime(metadata=ENDS)
    status = fields.String(validate=validate.OneOf(SHIFT_STATES))
    revision = fields.Integer()


class ColleagueView(View):
    """One of the staff who has a role in common with the caller: somebody who may take the caller's shift."""

    id = fields.UUID()
    roles = fields.List(
        fields.String(validate=validate.OneOf(sorted(STAFF))),
        metadata={"description": "Those that both have.", "example": ["nurse"]},
    )


class ColleagueShiftView(View):
    """When and where somebody works, as a colleague sees it."""

    id = fields.UUID()
    ward = fields.String(metadata=A_WARD)
    starts_at = fields.AwareDateTime(metadata=STARTS)
    ends_at = fields.AwareDateTime(metadata=ENDS)


class SwapView(View):
    """Somebody's wish to give a shift to another person: asked, accepted by that person, approved by an admin.

    One whose shift has begun before an admin decided is `expired`. `shift` is what is given away, and `in_exchange`
    what is got for it, if anything, both as they are now.
    """

    id = fields.UUID()
    shift_id = fields.UUID()
    shift = fields.Nested(ColleagueShiftView)
    asked_by = fields.UUID()
    asked_of = fields.UUID()
    in_exchange_id = fields.UUID(allow_none=True)
    in_exchange = fields.Nested(ColleagueShiftView, allow_none=True)
    status = fields.String(validate=validate.OneOf(SWAP_STATES))
    reason = fields.String(allow_none=True, metadata=WHY_NOT)
    revision = fields.Integer()


class OpenSwapView(View):
    """A swap that is not decided yet, as it is shown with its shift. `revision` is the swap's, not the shift's."""

    id = fields.UUID()
    asked_by = fields.UUID()
    asked_of = fields.UUID()
    in_exchange_id = fields.UUID(allow_none=True)
    status = fields.String(validate=validate.OneOf(["asked", "accepted"]))
    revision = fields.Integer()


class ShiftWithSwapView(ShiftView):
    """A shift, and the swap that is open for it, if any. `ETag` has the revision of the shift."""

    swap = fields.Nested(OpenSwapView, allow_none=True)


class AssignShift(Command):
    """Have one of the staff work on a ward for a time: at most 16 hours, and 60 in any 7 days.

    NotFound: `not_found` (nobody of the staff). Conflict: `shift_overlaps`, `too_many_hours`. Invalid: `not_in_future`,
    `too_far_ahead` (over a year), `too_long`.
    """

    service, roles, returns = "scheduling", ADMIN, ShiftView
    person_id = fields.UUID(required=True)
    ward = fields.String(required=True, validate=WARD, metadata=A_WARD)
    starts_at = Moment(required=True, metadata=STARTS)
    ends_at = Moment(required=True, metadata=ENDS)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["ends_at"] <= data["starts_at"]:
            raise ValidationError("Must be later than `starts_at`.", "ends_at")


class ChangeShift(Command):
    """Give a shift that is still to come another person, ward or time, or cancel it; what is left out stays.

    A swap that is open for it is withdrawn.

    NotFound: `not_found`. Conflict: `shift_overlaps`, `too_many_hours`, `shift_cancelled`. Invalid: `not_in_future`,
    `too_far_ahead` (over a year), `too_long`.
    """

    service, roles, returns, revised = "scheduling", ADMIN, ShiftView, True
    shift_id = fields.UUID(required=True, metadata=THE_SHIFT)
    person_id = fields.UUID()
    ward = fields.String(validate=WARD, metadata=A_WARD)
    starts_at = Moment(metadata=STARTS)
    ends_at = Moment(metadata=ENDS)
    status = fields.String(validate=validate.OneOf(["cancelled"]), metadata={"x-alone": True})

    @validates_schema
    def _only_cancelled(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if "status" in data and data.keys() - {"shift_id", "status"}:
            raise ValidationError("A shift that is cancelled keeps the rest.", "status")


class GetShift(Query):
    """One shift, with the swap that is open for it. NotFound: `not_found`."""

    service, roles, returns = "scheduling", ADMIN, ShiftWithSwapView
    shift_id = fields.UUID(required=True, metadata=THE_SHIFT)


class ListShifts(TimedQuery):
    """All shifts, latest first when not told otherwise; by person, ward, status and when they begin."""

    service, roles, returns = "scheduling", ADMIN, page_of(ShiftView)
    person_id = fields.UUID(load_default=None, metadata={"description": "Only shifts of this person."})
    ward = fields.String(
        load_default=None, validate=WARD, metadata={**A_WARD, "description": "The ward, as it is written."}
    )
    status = Choices(SHIFT_STATES, load_default=None)


class ListMyShifts(TimedQuery):
    """One's own shifts, latest first when not told otherwise; those that are cancelled, too, unless `status` says."""

    service, roles, returns = "scheduling", STAFF, page_of(ShiftView)
    person_id = fields.UUID(required=True)
    status = Choices(SHIFT_STATES, load_default=None)


class ListColleagues(PageQuery):
    """Who works here and has a role of the staff in common with oneself, by id: whom one may ask to take a shift."""

    service, roles, returns = "scheduling", STAFF, page_of(ColleagueView)


class ListColleagueShifts(PageQuery):
    """The shifts that a colleague is to work from now on, earliest first: what one may ask for in exchange.

    NotFound: `not_found` (nobody who has a role in common with oneself).
    """

    service, roles, returns = "scheduling", STAFF, page_of(ColleagueShiftView)
    colleague_id = fields.UUID(required=True, metadata={"description": "The colleague."})


class AskForSwap(Command):
    """Ask another one of the staff, who has a role in common, to take one's own shift, perhaps for one of theirs.

    The other one is told.

    NotFound: `not_found`. Conflict: `swap_pending`, `shift_cancelled`, `shift_begun`, `other_role`.
    """

    service, roles, returns = "scheduling", STAFF, SwapView
    shift_id = fields.UUID(required=True, metadata=THE_SHIFT)
    asked_of = fields.UUID(required=True)
    in_exchange_id = fields.UUID(load_default=None, allow_none=True)


class AnswerSwap(Command):
    """Accept or decline a swap that one is asked for; who asked may withdraw it. The other one is told.

    What is accepted can be declined or withdrawn until an admin has decided.

    NotFound: `not_found`. Conflict: `swap_answered`, `shift_begun`.
    """

    service, roles, returns, revised = "scheduling", STAFF, SwapView, True
    swap_id = fields.UUID(required=True, metadata={"description": "The swap."})
    answer = fields.String(required=True, validate=validate.OneOf(["accept", "decline", "withdraw"]))


class ListMySwaps(PageQuery):
    """The swaps that one asked for or is asked for, newest first."""

    service, roles, returns = "scheduling", STAFF, page_of(SwapView)


class ListSwaps(PageQuery):
    """All swaps in one state, newest first: those that wait for an admin when not told otherwise."""

    service, roles, returns = "scheduling", ADMIN, page_of(SwapView)
    status = fields.String(
        load_default="accepted",
        validate=validate.OneOf(SWAP_STATES),
        metadata={"description": "Only swaps that stand so."},
    )


class DecideSwap(Command):
    """Approve or refuse the swap of a shift that the other one has accepted. Nobody decides about their own.

    Both are told. `If-Match` takes the revision of the swap (`swap` of the shift has it), not that of the shift.

    NotFound: `not_found`. Forbidden: `own_request`. Conflict: `swap_not_accepted`, `shift_overlaps`, `too_many_hours`,
    `shift_cancelled`, `shift_begun`, `other_role`. Invalid: `reason_required` (to refuse).
    """

    service, roles, returns, revised = "scheduling", ADMIN, SwapView, True
    shift_id = fields.UUID(required=True, metadata=THE_SHIFT)
    decision = fields.String(load_default="approve", validate=validate.OneOf(["approve", "refuse"]))
    reason = fields.String(load_default=None, allow_none=True, validate=REASON, metadata=WHY_NOT)
