"""Care relations: the doctors who treat a patient, and when."""
