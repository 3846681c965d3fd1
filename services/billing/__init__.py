"""Billing: prices, invoices, payments and refunds."""
