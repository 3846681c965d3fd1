"""Shifts of the staff, and swaps."""
