"""Facts about people, which other services own."""
