"""Tests of chassis's execution."""
