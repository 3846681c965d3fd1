"""Tests of clinical's care."""
