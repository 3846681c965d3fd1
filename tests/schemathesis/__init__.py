"""Schemathesis checks the OpenAPI document against a running hospital."""
