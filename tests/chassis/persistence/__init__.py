"""Tests of chassis's persistence."""
