"""Guards: rules of the house that a program can check. Each failure states the reason of its rule."""
