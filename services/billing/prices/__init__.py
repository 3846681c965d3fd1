"""Prices of hospital services."""
