"""Refill requests."""
