"""The contracts of billing: prices, invoices and payments."""
