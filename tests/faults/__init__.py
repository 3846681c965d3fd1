"""Faults: servers and services are killed, frozen and restarted under load, and what became of each request is counted."""
