"""Patients: registration, search, demographics and erasure."""
