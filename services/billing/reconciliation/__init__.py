"""Comparisons of our payments with the lists of the providers."""
