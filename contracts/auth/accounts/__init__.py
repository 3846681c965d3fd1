"""Contracts of accounts."""
