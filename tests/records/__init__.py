"""Records and the fields that their annotations stand for."""
