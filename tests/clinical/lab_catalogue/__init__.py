"""Tests of the laboratory's catalogue."""
