"""Copies of other services' facts."""
