"""Tests of the gateway: requests, roles, limits, replies and documents."""
