"""Scheduling: doctors' calendars and appointments."""
