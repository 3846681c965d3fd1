"""Clients generated from docs/openapi.json: they have types for everything, the codes of errors included."""
