"""How fast Matron is, and what its speed costs, beside what one would write without it. `python -m bench --help`."""
