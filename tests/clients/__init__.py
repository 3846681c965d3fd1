"""Clients generated from docs/openapi.json have types for everything, including error codes."""
