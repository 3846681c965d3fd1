"""The schedule of observations: when the next vital signs of a patient are due."""
