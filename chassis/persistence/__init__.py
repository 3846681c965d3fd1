"""Databases, sessions and the tables that every service has."""
