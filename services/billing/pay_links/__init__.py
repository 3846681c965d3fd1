"""Links to pay an invoice without an account."""
