"""Contracts of the auth service: accounts, roles, sessions, second factor."""
