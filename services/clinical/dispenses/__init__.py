"""Dispenses."""
