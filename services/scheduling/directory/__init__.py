"""Copies of other services' facts: doctors, patients and staff."""
