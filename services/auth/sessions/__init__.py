"""Sign-in, sessions and the keys that sign tokens."""
