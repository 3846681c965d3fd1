"""Tests of clinical's allergies."""
