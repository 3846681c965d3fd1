"""Logins, sessions and the keys that sign tokens."""
