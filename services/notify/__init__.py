"""Notify: who must know."""
