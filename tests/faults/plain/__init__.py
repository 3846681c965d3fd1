"""The same faults on two plain nameko services, written as nameko's own pages show: what the house is built against."""
