"""Critical limits that a doctor sets for one patient."""
