"""Laboratory: orders, specimens and results."""
