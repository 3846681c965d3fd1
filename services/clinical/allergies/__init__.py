"""Allergies, and statements that a patient has none."""
