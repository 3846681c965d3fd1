"""The table of tasks, and the moves that a task may make."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from chassis.errors import Conflict
from chassis.refusals import Refusal
from contracts.scheduling.tasks import TASK_CLOSED, TASK_NOT_ACCEPTED, TASK_NOT_IN_PROGRESS, TASK_NOT_REQUESTED
from services.scheduling.models.base import Base

OPEN_TASK = ("requested", "accepted", "in_progress")
"""The states of an open task."""


class Task(Base):
    """A task of a member of staff."""

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_owner_id_created_at_id", "owner_id", "created_at", "id"),
        Index("ix_task_owner_id_status_created_at_id", "owner_id", "status", "created_at", "id"),
        Index("ix_task_patient_id_created_at_id", "patient_id", "created_at", "id"),
        Index("ix_task_status_created_at_id", "status", "created_at", "id"),
        Index("ix_task_created_at_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(String(2000))
    owner_id: Mapped[UUID]
    given_by: Mapped[UUID | None]
    """The admin; null for a task that Matron gave."""
    patient_id: Mapped[UUID | None]
    priority: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(20))
    status_reason: Mapped[str | None] = mapped_column(String(500))
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    observed_at: Mapped[datetime | None]
    """Of overdue observations: the time of the last reading. Null for all other tasks."""

    def accept(self) -> None:
        """Accept, as the owner."""
        self._move("requested", "accepted", TASK_NOT_REQUESTED)

    def reject(self, reason: str) -> None:
        """Reject, as the owner."""
        self._move("requested", "rejected", TASK_NOT_REQUESTED)
        self.status_reason = reason

    def start(self) -> None:
        """Start, as the owner."""
        self._move("accepted", "in_progress", TASK_NOT_ACCEPTED)

    def complete(self) -> None:
        """Complete the task."""
        self._move("in_progress", "completed", TASK_NOT_IN_PROGRESS)

    def fail(self, reason: str) -> None:
        """Report that the task could not be done."""
        self._move("in_progress", "failed", TASK_NOT_IN_PROGRESS)
        self.status_reason = reason

    def cancel(self, reason: str) -> None:
        """Cancel the task."""
        self.must_be_open()
        self.status, self.status_reason, self.revision = "cancelled", reason, self.revision + 1

    def change(self, **changes: Any) -> None:
        """Change facts of the task. A new owner has to accept it."""
        self.must_be_open()
        if "owner_id" in changes:
            self.status = "requested"
        for name, value in changes.items():
            setattr(self, name, value)
        self.revision += 1

    def must_be_open(self) -> None:
        """Refuse with `task_closed` unless the task is open."""
        if self.status not in OPEN_TASK:
            raise TASK_CLOSED(state=self.status)

    def _move(self, before: str, after: str, refusal: Refusal[Conflict]) -> None:
        if self.status != before:
            raise refusal(state=self.status)
        self.status, self.revision = after, self.revision + 1
