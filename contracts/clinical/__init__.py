"""Contracts of the clinical service."""
