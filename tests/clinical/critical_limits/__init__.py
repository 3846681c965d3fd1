"""Tests of critical limits of patients."""
