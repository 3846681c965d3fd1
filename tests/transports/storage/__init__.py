"""Tests: The stores of files."""
