"""Tests of clinical's medicine data and medication checks."""
