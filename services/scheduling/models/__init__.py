"""The tables of scheduling, by noun."""
