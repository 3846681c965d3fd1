"""Tests of clinical's patients."""
