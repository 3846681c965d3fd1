"""Tests of scheduling's shifts."""
