"""The tables of auth, by noun."""
