"""Histories of patients."""
