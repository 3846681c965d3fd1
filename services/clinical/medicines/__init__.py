"""Medicine data, and checks of medicines against it."""
