"""Tests of chassis's messaging."""
