"""Tests of billing's refunds."""
