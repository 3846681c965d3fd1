"""What processes tell about themselves, in an otherwise empty place."""
