"""Tests of clinical's conditions."""
