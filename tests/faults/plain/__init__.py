"""The same faults on two plain nameko services, as nameko's documentation writes them, for comparison."""
