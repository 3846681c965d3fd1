"""The contracts of clinical: patients and prescriptions."""
