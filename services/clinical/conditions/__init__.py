"""Conditions of patients."""
