"""Tests of critical alerts."""
