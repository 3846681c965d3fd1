"""Tests of billing's prices."""
