"""Charts: what a doctor, a nurse and the patient read."""
