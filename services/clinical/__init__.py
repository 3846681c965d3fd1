"""Clinical: patients, care relations and prescriptions."""
