"""Tests of auth's sessions."""
