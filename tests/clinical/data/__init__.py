"""Tests of the folders of reference data."""
