"""Tests of clinical's refill requests."""
