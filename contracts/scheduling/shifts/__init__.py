"""Contracts of shifts and swaps."""
