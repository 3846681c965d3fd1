"""Tests of corrections of invoices."""
