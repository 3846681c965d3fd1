"""Statements of a period."""
