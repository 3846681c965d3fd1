"""Tests of scheduling's availability."""
