"""Faults: servers and services are killed, frozen and restarted under load, and each request is checked."""
