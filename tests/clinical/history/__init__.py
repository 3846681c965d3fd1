"""Tests of the histories of patients."""
