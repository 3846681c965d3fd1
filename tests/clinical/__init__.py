"""Tests of the clinical service."""
