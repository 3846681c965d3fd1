"""Tests of clinical's models."""
