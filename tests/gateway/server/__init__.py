"""Tests of gateway's server."""
