"""The tables of notify, by noun."""
