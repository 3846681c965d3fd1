"""Tests of billing's models."""
