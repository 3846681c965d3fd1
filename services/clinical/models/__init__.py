"""The tables of clinical, by noun."""
