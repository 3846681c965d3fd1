"""Tests of records and fields."""
