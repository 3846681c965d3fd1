"""The roles of the hospital. A person has a set of them."""

from enum import unique

from chassis.contract import Role as BaseRole


@unique
class Role(BaseRole):
    """What a person may be."""

    ADMIN = "admin"
    DOCTOR = "doctor"
    NURSE = "nurse"
    LAB_TECHNICIAN = "lab_technician"
    RECEPTIONIST = "receptionist"
    PHARMACIST = "pharmacist"
    PATIENT = "patient"


ANY_ROLE = frozenset(Role)
STAFF = frozenset({Role.NURSE, Role.LAB_TECHNICIAN, Role.RECEPTIONIST, Role.PHARMACIST})
DESK = frozenset({Role.RECEPTIONIST, Role.ADMIN})
"""Who may act for any patient in matters of time and money."""
