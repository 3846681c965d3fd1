"""Notify: tells people what they must know, in the app and by mail."""
