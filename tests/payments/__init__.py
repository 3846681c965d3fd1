"""Payments from the payer's button to the ledger, with local servers of the providers."""
