"""What is said to and by the scheduling service: when."""
