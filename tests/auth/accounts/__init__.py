"""Tests of auth's accounts."""
