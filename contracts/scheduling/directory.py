"""The directory of doctors."""

from uuid import UUID

from chassis.contract import View


class DoctorView(View):
    """A doctor in the directory."""

    id: UUID
    name: str
    specialization: str
