"""Whole visits over HTTP, embedded and on real servers."""
