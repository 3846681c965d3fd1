"""Billing: prices, invoices and payments."""
