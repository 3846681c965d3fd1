"""Tests of odd payments."""
