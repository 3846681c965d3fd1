"""Tests of clinical's visit notes."""
