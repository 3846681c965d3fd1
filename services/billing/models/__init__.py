"""The tables of billing, by noun."""
