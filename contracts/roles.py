"""The roles of the hospital. A person has a set of them."""

from enum import unique

from chassis.contract import Role as BaseRole


@unique
class Role(BaseRole):
    """A role that a person may have."""

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
"""Roles that may book and bill for any patient."""
