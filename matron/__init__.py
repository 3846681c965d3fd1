"""The command, and the demo data: the only place that knows all services."""
