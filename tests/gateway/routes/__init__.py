"""Tests of gateway's routes."""
