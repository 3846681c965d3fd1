"""Logs, metrics and readiness of a process. The package does not depend on the other packages of Matron."""
