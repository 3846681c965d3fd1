"""What is said: each event as its producer makes it and each consumer takes it."""
