"""Clinical: what was found and done."""
