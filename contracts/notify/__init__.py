"""Contracts of the notify service."""
