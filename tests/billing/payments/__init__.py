"""Tests of billing's payments."""
