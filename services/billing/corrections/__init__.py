"""Corrections of invoices by admins."""
