"""Attacks on a running hospital, and the claims of docs/security.md."""
