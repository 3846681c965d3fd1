"""Tests of clinical's prescriptions."""
