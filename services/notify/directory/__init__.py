"""Copies of the contact data and deaths that other services own."""
