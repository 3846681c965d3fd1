"""Contracts of appointments."""
