"""Inventory: medicines in stock, in batches, and equipment."""
