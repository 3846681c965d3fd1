"""Tests of auth's directory."""
