"""The laboratory's catalogue: tests, reference ranges, and the interpretation of values."""
