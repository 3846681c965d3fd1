"""The route table, one class per kind of caller."""
