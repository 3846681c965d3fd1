"""Sockets, HTTP and limits."""
