"""Accounts: registration, profile, credentials, administration, invitations, erasure."""
