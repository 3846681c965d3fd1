"""Papers: invoices and statements as PDF."""
