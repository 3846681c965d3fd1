"""Measure Matron's speed and CPU cost beside two rivals. `python -m bench --help`."""
