"""How commands, queries, events and timers run."""
