"""Attacks on a running hospital, and what the page about security claims."""
