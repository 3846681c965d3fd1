"""Copies of other services' facts, and their handlers."""
