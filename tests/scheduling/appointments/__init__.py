"""Tests of scheduling's appointments."""
